/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Longer messages are cut: names come from files. */
#define MESSAGE_BYTES 2048

void diag_init(struct diag *d)
{
	*d = (struct diag){ 0 };
}

void diag_free(struct diag *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->entries[i].text);
		free(d->entries[i].hint);
	}
	free(d->entries);
	free(d->file);
	*d = (struct diag){ 0 };
}

char *diag_enter(struct diag *d, const char *file)
{
	char *former = d->file;

	d->file = file ? strdup(file) : NULL;
	return former;
}

void diag_leave(struct diag *d, char *former)
{
	free(d->file);
	d->file = former;
}

void diag_set_file(struct diag *d, const char *file)
{
	free(d->file);
	d->file = file ? strdup(file) : NULL;
}

static char *escape_controls(const char *s)
{
	size_t bytes = 4 * strlen(s) + 5;
	char *out = malloc(bytes);

	if (out)
		text_printable(s, out, bytes);
	return out;
}

/* Ends a cut message with "...", not in the middle of a UTF-8 sequence. */
static void mark_cut(char *text, size_t capacity)
{
	size_t end = capacity - 4;

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", 4);
}

static char *format_message(const char *file, const char *fmt, va_list ap)
{
	char text[MESSAGE_BYTES];
	size_t at = 0;
	int n;

	if (file) {
		n = snprintf(text, sizeof(text) / 2, "%s: ", file);
		at = n < 0 ? 0 : strlen(text);
	}
	n = vsnprintf(text + at, sizeof(text) - at, fmt, ap);
	if (n < 0)
		text[at] = 0;
	else if ((size_t)n >= sizeof(text) - at)
		mark_cut(text, sizeof(text));
	return escape_controls(text);
}

static int grow_entries(struct diag *d)
{
	size_t capacity = d->capacity ? 2 * d->capacity : 8;
	struct diag_entry *e = realloc(d->entries, capacity * sizeof(*e));

	if (!e)
		return -1;
	d->entries = e;
	d->capacity = capacity;
	return 0;
}

static void add_entry(struct diag *d, enum diag_level level, const char *fmt,
		      va_list ap)
{
	char *text;

	if (level == DIAG_ERROR)
		d->errors++;
	if (d->count == d->capacity && grow_entries(d))
		return;
	text = format_message(d->file, fmt, ap);
	if (text)
		d->entries[d->count++] =
			(struct diag_entry){ .level = level, .text = text };
}

int diag_error(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_entry(d, DIAG_ERROR, fmt, ap);
	va_end(ap);
	return -1;
}

void diag_warn(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_entry(d, DIAG_WARNING, fmt, ap);
	va_end(ap);
}

void diag_alert(struct diag *d, const char *fmt, ...)
{
	size_t count = d->count;
	va_list ap;

	va_start(ap, fmt);
	add_entry(d, DIAG_WARNING, fmt, ap);
	va_end(ap);
	if (d->count > count)
		d->entries[count].alert = true;
}

void diag_note(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_entry(d, DIAG_NOTE, fmt, ap);
	va_end(ap);
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (!d->count)
		return;
	va_start(ap, fmt);
	free(d->entries[d->count - 1].hint);
	d->entries[d->count - 1].hint = format_message(NULL, fmt, ap);
	va_end(ap);
}

bool diag_failed(const struct diag *d)
{
	return d->errors > 0;
}
