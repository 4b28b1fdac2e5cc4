/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_DIAG_H
#define DBC_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Diagnostics: what went wrong, where, and what to do. Host functions return
 * 0 or -1 and leave the message here; only main prints and exits.
 *
 * An error reads `FILE: node 'x' (Op): what is wrong`, lower case, no full
 * stop; `FILE: ` is put in front from diag_set_file(). Control characters in
 * the text are escaped, overlong messages are cut (names come from files).
 */
enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag_entry {
	enum diag_level level;
	char *text; /* complete line, without "error: " and newline */
	char *hint; /* NULL, or what the user can do about it */
};

struct diag {
	struct diag_entry *entries;
	size_t count, capacity;
	size_t errors;
	char *file; /* subject put before messages; NULL: none */
};

void diag_init(struct diag *d);
void diag_free(struct diag *d);
/* The file that following messages are about; NULL for none. */
void diag_set_file(struct diag *d, const char *file);
/* Records an error; always returns -1, so that `return diag_error(...)`. */
int diag_error(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_warn(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_note(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Attaches a hint to the newest entry. */
void diag_hint(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Was there an error, even one whose message found no memory? */
bool diag_failed(const struct diag *d);

#endif
