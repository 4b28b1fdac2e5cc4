/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CUT_FACTS_H
#define DBC_CONVERTER_ONNX_ONNX_CUT_FACTS_H

#include "converter/onnx/onnx_reader.h"

#define CUT_MOST_OUTPUTS 16 /* of a selection, or it is not understood */
#define CUT_MOST_ROUNDS 16  /* over nodes that are not in order */

/* What is known of a value of the file. */
enum {
	DATA = 1,     /* computed from an input */
	NETWORK = 2,  /* behind weights */
	SELECTED = 4, /* behind a selection */
	ONWARD = 8,   /* the network goes on behind it */
	LIVE = 16,    /* an output that is left needs it */
};

struct fact {
	const char *name;
	const Onnx__NodeProto *producer;
	unsigned flags;
};

struct cutter {
	struct onnx_reader *r;
	const Onnx__GraphProto *p;
	struct fact *facts; /* a table of names */
	size_t slots;
	bool changed;
	bool gathers;        /* behind a selection */
	bool scaled;         /* an output was scaled to the photo */
	const char *op_type; /* of the first selection */
	const char *found[CUT_MOST_OUTPUTS];
	size_t found_count;
};

/* The fact of a name of the graph, new if need be. */
struct fact *cut_fact(const struct cutter *c, const char *name);
/* NULL: the name is not of the graph itself. */
struct fact *cut_known(const struct cutter *c, const char *name);
void cut_add_flags(struct cutter *c, const char *name, unsigned flags);
/* The flags of all outputs of a node. */
unsigned cut_outputs(const struct cutter *c, const Onnx__NodeProto *n);

/* A table with the inputs and producers; -1 when memory is exhausted. */
int cut_init_facts(struct cutter *c);
/* False where the nodes are in too much disorder. */
bool cut_find_facts(struct cutter *c);

#endif
