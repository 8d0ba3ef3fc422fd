// Gives libc its arguments before the shim loads a library.
#pragma once

// Runs libc's own initializers with the program's arguments. Must come before the first dlopen of a
// constructor that runs before libc's: dlopen initializes whatever the new library needs, libc among it, and
// hands on the arguments that libc has noted. Those would still be none, and the program would find no
// environment and no name of its own. Harmless when libc has been initialized already: it notes the same
// again.
void libc_start(int argc, char **argv, char **envp);
