/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_STAGE_DUMP_H
#define DBC_CONVERTER_STAGE_DUMP_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/dump.h"
#include "converter/lower/device_model.h"
#include "ir/graph.h"

/*
 * Text of the stages behind the passes, for --dump-after. The search builds
 * several models: each collects its text, and that of the chosen one is
 * printed at the end.
 */
struct stage_dump {
	const struct dump *dump; /* NULL: collect nothing */
	FILE *out;
	char *text;
	size_t bytes;
};

/* Stages 0 to count - 1: "quantize", "lower", "plan"; NULL after the last. */
const char *stage_dump_name(int i);

/* All return 0, or -1 with a diagnostic. End it once it was begun. */
int stage_dump_begin(struct stage_dump *s, const struct dump *dump,
		     struct diag *d);
int stage_dump_graph(struct stage_dump *s, const char *stage,
		     const struct graph *g, struct diag *d);
int stage_dump_device(struct stage_dump *s, const char *stage,
		      const struct device_model *m, struct diag *d);
/* The text, in the arena; NULL where nothing was asked for. */
const char *stage_dump_end(struct stage_dump *s, struct arena *a);

#endif
