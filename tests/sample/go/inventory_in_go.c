#include "../inventory.c" // the C library that the package wraps
