/* field51.c: the portable field's functions under plain names, for check_bounds.py, which compiles
 * this file to LLVM IR and goes through it instruction by instruction. Not linked into anything. */
#include <lanes/vec_word.h>

#include <lanes/field51.h>

#include "wrappers.h"
