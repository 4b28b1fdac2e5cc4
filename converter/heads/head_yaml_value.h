/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_VALUE_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_VALUE_H

#include "converter/heads/head_yaml_build.h"

/* Values of the keys in a file of --head. All return 0, or -1 with a diagnostic
 * that names the line. */

/* A setter of a key: `to` is the key's field. */
typedef int head_yaml_set(struct head_yaml *r, const yaml_node_t *n, void *to);

struct head_yaml_key {
	const char *name;
	head_yaml_set *set;
	size_t offset;
};

/* Sets each entry of a mapping by its row of the table, which ends with 0. */
int head_yaml_map(struct head_yaml *r, const yaml_node_t *map,
		  const struct head_yaml_key *keys, void *to);

int head_yaml_number(struct head_yaml *r, const yaml_node_t *n, double low,
		     double high, double *out);
/* Two numbers, or one number for both. */
int head_yaml_pair(struct head_yaml *r, const yaml_node_t *n, float *a,
		   float *b);
int head_yaml_choice(struct head_yaml *r, const yaml_node_t *n,
		     const char *const *choices, int count, uint8_t *to);
/* Setters: of a float from 0 to 1, a float from 0 to 8, a uint32_t, a uint8_t
 * from 0 to 255, and a uint8_t of true or false. */
head_yaml_set head_yaml_share, head_yaml_power, head_yaml_count,
	head_yaml_small, head_yaml_flag;
/* The index of an output by its name. */
head_yaml_set head_yaml_output;

#endif
