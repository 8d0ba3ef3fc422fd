// A library that notes down what its constructor was given.
int constructor_argc;
char **constructor_argv;
char **constructor_environment;

__attribute__((constructor)) static void note(int argc, char **argv, char **environment) {
    constructor_argc = argc;
    constructor_argv = argv;
    constructor_environment = environment;
}
