/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_BUILD_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_BUILD_H

#include "base/yaml_file.h"
#include "converter/heads/head.h"

#define HEAD_YAML_MAX_ANCHORS 64 /* a level */

struct head_yaml_level {
	struct dbp_head_level level;
	const yaml_node_t *at;
	bool has_grid, has_stride, has_box;
	float anchors[2 * HEAD_YAML_MAX_ANCHORS];
	uint32_t anchor_count; /* given; 0: none */
};

struct head_yaml {
	struct yaml_file f;
	const struct graph *g;
	struct arena *arena;
	struct diag *d;
	struct head *out;
	struct dbp_head head;
	struct head_yaml_level levels[DBP_HEAD_MAX_LEVELS];
	uint32_t level_count;
	bool has_form, has_offset;
	float offset;
};

/* Names of enum dbp_box_form, DBP_BOX_FORMS of them. */
extern const char *const head_box_forms[];

/* Builds r->out from the file's contents; missing parts come from the graph.
 * -1 with a diagnostic. */
int head_yaml_build(struct head_yaml *r, const struct config *c);

#endif
