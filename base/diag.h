/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_DIAG_H
#define DBC_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Diagnostics: what is wrong, where, and what to do. Host functions return 0
 * or -1 and leave the message here; only main prints and exits.
 *
 * An error reads `FILE: node 'x' (Op): what is wrong`, lower case, no full
 * stop. `FILE: ` is the subject of diag_enter(). Control characters in the text
 * are escaped and long messages are cut, because names come from files.
 */
enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag_entry {
	enum diag_level level;
	bool alert; /* a warning that is shown where others are not */
	char *text; /* complete line, without "error: " and newline */
	char *hint; /* NULL, or what the user can do about it */
};

struct diag {
	struct diag_entry *entries;
	size_t count, capacity;
	size_t errors;
	size_t shown; /* entries that were printed already */
	char *file;   /* subject put before messages; NULL: none */
};

void diag_init(struct diag *d);
void diag_free(struct diag *d);
/*
 * Makes `file` (copied; NULL for none) the subject of the messages up to the
 * diag_leave() that gets the result. Pairs nest. Every path between the two,
 * error paths too, must reach diag_leave().
 */
char *diag_enter(struct diag *d, const char *file)
	__attribute__((warn_unused_result));
void diag_leave(struct diag *d, char *former);
/* Sets the subject for good; diag_enter() is the better choice. */
void diag_set_file(struct diag *d, const char *file);
/* Records an error; always returns -1, so that `return diag_error(...)`. */
int diag_error(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_warn(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A warning of what changes the result, which a quiet tool shows too. */
void diag_alert(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_note(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Attaches a hint to the newest entry. */
void diag_hint(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether there was an error, even if there was no memory for its message. */
bool diag_failed(const struct diag *d);

#endif
