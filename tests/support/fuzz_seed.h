/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_FUZZ_SEED_H
#define DBC_TESTS_FUZZ_SEED_H

#include <stddef.h>
#include <stdint.h>

/* The entries of a fuzz target; see libFuzzer, and
 * tests/tools/fuzz_replay.c. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The folder FUZZ_SEEDS, for first inputs that a target makes itself; NULL:
 * none are wanted. */
const char *fuzz_seeds(void);
/* Writes one of them. */
void fuzz_seed(const char *name, const void *data, size_t bytes);
/* A text. */
void fuzz_seed_text(const char *name, const char *text);

/* Writes an input into a folder of this process, as `name`, for readers that
 * take paths; the next one of that name overwrites it. Folders in the name are
 * made. Returns its path, until the next call. */
const char *fuzz_file(const char *name, const void *data, size_t bytes);

#endif
