/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_GOLDEN_FILE_H
#define DBC_TESTS_GOLDEN_FILE_H

/*
 * Tests as text. A file holds cases
 *
 *	=== title
 *	what goes in
 *	---
 *	what is expected to come out
 *
 * with a blank line between them. With UPDATE=1 in the environment the file
 * is written anew, with what comes out.
 */

/* Computes a case: the text that comes out, malloc'ed. Fails by fail_msg(). */
typedef char *golden_fn(const char *title, const char *in, const void *arg);

/* Runs every case of the file; `arg` goes to `run`. */
void golden_file_check(const char *path, golden_fn *run, const void *arg);

#endif
