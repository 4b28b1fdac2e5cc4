/* SPDX-License-Identifier: Apache-2.0 */
/* The packed file as a C header. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "converter/pack/c_header.h"
#include "schemas/dbp.h"

#define HASH_CHARS 9 /* "_" and eight digits */

static bool is_plain(const char *name)
{
	if (!isalpha((unsigned char)*name) ||
	    strlen(name) > (C_HEADER_PREFIX_BYTES - 8))
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return !*name;
}

void c_header_prefix(const char *name, char prefix[C_HEADER_PREFIX_BYTES])
{
	size_t n = 0, room = (C_HEADER_PREFIX_BYTES - 8);
	uint64_t hash = hash_fnv1a(name, strlen(name));
	bool plain = is_plain(name);

	if (!plain)
		room -= HASH_CHARS;
	if (!isalpha((unsigned char)*name)) {
		memcpy(prefix, "m_", 2);
		n = 2;
	}
	for (; *name && n < room; name++)
		prefix[n++] = isalnum((unsigned char)*name) ? *name : '_';
	prefix[n] = 0;
	if (!plain)
		snprintf(prefix + n, HASH_CHARS + 1, "_%08x",
			 (unsigned)(hash ^ hash >> 32));
}

/* Names that differ in their case alone share macros, but no include guard:
 * then the compiler tells of the second definition. */
static void print_guard(FILE *out, const char *lower, const char *upper)
{
	bool has_capitals = false;
	const char *guard = upper, *ending = "_DBP_H";

	for (const char *c = lower; *c; c++)
		has_capitals |= *c >= 'A' && *c <= 'Z';
	if (has_capitals) {
		guard = lower;
		ending = "_dbp_h";
	}
	fprintf(out, "#ifndef %s%s\n#define %s%s\n\n", guard, ending, guard,
		ending);
}

static void print_bytes(FILE *out, const uint8_t *dbp, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		fprintf(out, "%s%u%s", i % 24 ? "" : "\t", dbp[i],
			i + 1 == size ? "\n" :
			i % 24 == 23  ? ",\n" :
					",");
}

static void print_header(FILE *out, const struct packed *p, const char *lower)
{
	const struct dbp_header *h = (const void *)p->bytes;
	char upper[C_HEADER_PREFIX_BYTES];

	for (size_t i = 0; i <= strlen(lower); i++)
		upper[i] = (char)toupper((unsigned char)lower[i]);
	fprintf(out, "/* Made by %.31s. A packed model for libdbrt. */\n",
		h->tool);
	print_guard(out, lower, upper);
	fprintf(out, "#define %s_DBP_LEN %uu\n", upper, p->file_size);
	fprintf(out,
		"/* bytes of memory that dbrt_load() takes%s */\n"
		"#define %s_ARENA_BYTES %uu\n\n",
		p->file != p->bytes ? ", with the expanded model" : "", upper,
		p->ram_bytes);
	fprintf(out,
		"#if defined(__cplusplus) && __cplusplus >= 201103L\n"
		"alignas(64)\n"
		"#elif defined(__STDC_VERSION__) && "
		"__STDC_VERSION__ >= 201112L\n"
		"_Alignas(64)\n"
		"#elif defined(__GNUC__)\n"
		"__attribute__((aligned(64)))\n"
		"#endif\n"
		"static const unsigned char %s_dbp[%s_DBP_LEN] = {\n",
		lower, upper);
	print_bytes(out, p->file, p->file_size);
	fprintf(out, "};\n\n#endif\n");
}

char *c_header_text(const struct packed *p, const char *name, struct diag *d)
{
	char prefix[C_HEADER_PREFIX_BYTES], *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	c_header_prefix(name, prefix);
	if (out) {
		print_header(out, p, prefix);
		if (fclose(out) == 0)
			return text;
	}
	free(text);
	diag_error(d, "out of memory");
	return NULL;
}
