/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_yaml_value.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

int head_yaml_map(struct head_yaml *r, const yaml_node_t *map,
		  const struct head_yaml_key *keys, void *to)
{
	yaml_node_t *key, *value;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_error(&r->f, map, r->d,
				  "expected a mapping, 'key: value'");
	for (int i = 0; yaml_entry(&r->f, map, i, &key, &value); i++) {
		const struct head_yaml_key *k = keys;
		const char *name = yaml_text(key);

		while (k->name && (!name || strcmp(k->name, name)))
			k++;
		if (!k->name)
			return yaml_error(&r->f, key, r->d, "unknown key '%s'",
					  name ? name : "");
		if (k->set(r, value, (char *)to + k->offset))
			return -1;
	}
	return 0;
}

int head_yaml_number(struct head_yaml *r, const yaml_node_t *n, double low,
		     double high, double *out)
{
	const char *text = yaml_text(n);

	if (!text || text_to_double(text, out) || *out < low || *out > high)
		return yaml_error(&r->f, n, r->d,
				  "expected a number from %g to %g", low, high);
	return 0;
}

static int set_float(struct head_yaml *r, const yaml_node_t *n, double high,
		     float *to)
{
	double x;

	if (head_yaml_number(r, n, 0, high, &x))
		return -1;
	*to = (float)x;
	return 0;
}

int head_yaml_share(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return set_float(r, n, 1, to);
}

int head_yaml_power(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return set_float(r, n, 8, to);
}

static int get_whole(struct head_yaml *r, const yaml_node_t *n, double high,
		     uint32_t *to)
{
	double x;

	if (head_yaml_number(r, n, 0, high, &x))
		return -1;
	if (x != (double)(uint32_t)x)
		return yaml_error(&r->f, n, r->d, "expected a whole number");
	*to = (uint32_t)x;
	return 0;
}

int head_yaml_count(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return get_whole(r, n, DBP_MAX_BYTES, to);
}

int head_yaml_small(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	uint32_t x = 0;

	if (get_whole(r, n, UINT8_MAX, &x))
		return -1;
	*(uint8_t *)to = (uint8_t)x;
	return 0;
}

int head_yaml_flag(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char *text = yaml_text(n);

	if (!text || (strcmp(text, "true") && strcmp(text, "false")))
		return yaml_error(&r->f, n, r->d, "expected true or false");
	*(uint8_t *)to = !strcmp(text, "true");
	return 0;
}

int head_yaml_pair(struct head_yaml *r, const yaml_node_t *n, float *a,
		   float *b)
{
	const yaml_node_t *second = yaml_item(&r->f, n, 1);
	const yaml_node_t *first = yaml_item(&r->f, n, 0);
	double x, y;

	first = first ? first : n;
	second = second ? second : first;
	if (n->type == YAML_SEQUENCE_NODE && yaml_item(&r->f, n, 2))
		return yaml_error(&r->f, n, r->d, "expected two numbers");
	if (head_yaml_number(r, first, 1e-6, 1e6, &x) ||
	    head_yaml_number(r, second, 1e-6, 1e6, &y))
		return -1;
	*a = (float)x;
	*b = (float)y;
	return 0;
}

static int not_a_choice(struct head_yaml *r, const yaml_node_t *n,
			const char *const *choices, int count)
{
	const char *text = yaml_text(n);
	char list[192] = "";
	size_t length = 0;

	for (int i = 0; i < count && length < sizeof(list); i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length,
					   "%s%s", i ? ", " : "", choices[i]);
	yaml_error(&r->f, n, r->d, "'%s' is not a valid value",
		   text ? text : "");
	diag_hint(r->d, "expected one of %s", list);
	return -1;
}

int head_yaml_choice(struct head_yaml *r, const yaml_node_t *n,
		     const char *const *choices, int count, uint8_t *to)
{
	const char *text = yaml_text(n);

	for (int i = 0; text && i < count; i++)
		if (!strcmp(text, choices[i])) {
			*to = (uint8_t)i;
			return 0;
		}
	return not_a_choice(r, n, choices, count);
}

int head_yaml_output(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char *name = yaml_text(n);

	for (int i = 0; name && i < r->g->output_count; i++)
		if (!strcmp(r->g->outputs[i]->name, name)) {
			*(uint32_t *)to = (uint32_t)i;
			return 0;
		}
	return yaml_error(&r->f, n, r->d, "the model has no output '%s'",
			  name ? name : "");
}
