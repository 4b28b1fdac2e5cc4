/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text form of a graph; graph_print.c has the grammar. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"
#include "ir/graph_scan.h"

#define MAX_VALUES 256 /* of one node, inputs or outputs */

struct parser {
	struct graph *g;
	struct scanner s;
};

/* `%name`, or `_`, which gives "". */
static char *read_name(struct parser *p)
{
	char word[SCAN_MAX_WORD];

	if (scan_keyword(&p->s, "_"))
		return arena_strdup(p->g->arena, "");
	if (scan_expect(&p->s, '%'))
		return NULL;
	if (*p->s.at == '"')
		return scan_quoted(&p->s);
	if (scan_word(&p->s, word))
		return NULL;
	if (!*word) {
		scan_error(&p->s, "expected a name");
		return NULL;
	}
	return arena_strdup(p->g->arena, word);
}

static int read_dtype(struct parser *p, enum dtype *t)
{
	char word[SCAN_MAX_WORD];

	if (scan_word(&p->s, word))
		return -1;
	for (int i = 0; i < DT_COUNT; i++) {
		if (!strcmp(word, dtype_name((enum dtype)i))) {
			*t = (enum dtype)i;
			return 0;
		}
	}
	return scan_error(&p->s, "'%s' is no element type", word);
}

static int parse_dims(struct parser *p, char *text, struct shape *s)
{
	char *rest = text;

	s->rank = 0;
	do {
		char *end = strchr(rest, 'x');
		char *stop;

		if (end)
			*end = 0;
		if (s->rank == GRAPH_MAX_RANK)
			return scan_error(&p->s, "more than %d dims",
					  GRAPH_MAX_RANK);
		errno = 0;
		s->dim[s->rank] = strcmp(rest, "?") ? strtoll(rest, &stop, 10) :
						      (stop = rest + 1, -1);
		if (errno || stop == rest || *stop || s->dim[s->rank] < -1)
			return scan_error(&p->s, "'%s' is no dim", rest);
		s->rank++;
		rest = end ? end + 1 : NULL;
	} while (rest);
	return 0;
}

static int read_shape(struct parser *p, struct shape *s)
{
	char word[SCAN_MAX_WORD];

	*s = (struct shape){ .rank = 0 };
	if (scan_word(&p->s, word))
		return -1;
	if (!strcmp(word, "scalar"))
		return 0;
	if (!strcmp(word, "unknown")) {
		s->rank = -1;
		return 0;
	}
	return parse_dims(p, word, s);
}

static int read_type(struct parser *p, enum dtype *t, struct shape *s)
{
	return read_dtype(p, t) || read_shape(p, s) ? -1 : 0;
}

/* ---- Numbers ---- */

static void store_element(enum dtype t, void *data, size_t i,
			  const struct scan_number *n)
{
	switch (t) {
	case DT_F32:
		((float *)data)[i] = (float)n->f;
		break;
	case DT_I64:
		((int64_t *)data)[i] = n->i;
		break;
	case DT_I32:
		((int32_t *)data)[i] = (int32_t)n->i;
		break;
	case DT_I8:
		((int8_t *)data)[i] = (int8_t)n->i;
		break;
	case DT_U8:
	case DT_BOOL:
		((uint8_t *)data)[i] = (uint8_t)n->i;
		break;
	default:
		assert(!"an element type");
	}
}

static int read_list(struct parser *p, enum dtype t, void *data, size_t count)
{
	struct scan_number n;

	for (size_t i = 0; i < count; i++) {
		if (scan_expect(&p->s, i ? ',' : '[') || scan_number(&p->s, &n))
			return -1;
		store_element(t, data, i, &n);
	}
	return count || !scan_expect(&p->s, '[') ? scan_expect(&p->s, ']') : -1;
}

/* start, start + step, ... */
static int read_sequence(struct parser *p, enum dtype t, void *data,
			 size_t count, bool has_step)
{
	struct scan_number start, step = { 0 }, n;

	if (scan_number(&p->s, &start) ||
	    (has_step && scan_number(&p->s, &step)))
		return -1;
	for (size_t i = 0; i < count; i++) {
		n.f = start.f + (double)i * step.f;
		n.i = start.i + (int64_t)i * step.i;
		store_element(t, data, i, &n);
	}
	return 0;
}

static int read_random(struct parser *p, enum dtype t, void *data, size_t count)
{
	struct scan_number seed, n;
	uint64_t s;

	if (scan_number(&p->s, &seed))
		return -1;
	s = (uint64_t)seed.i;
	for (size_t i = 0; i < count; i++) {
		s = s * 6364136223846793005u + 1442695040888963407u;
		n.i = (int64_t)(s >> 33) % 129 - 64;
		n.f = (double)n.i / 64;
		store_element(t, data, i, &n);
	}
	return 0;
}

static int read_data(struct parser *p, enum dtype t, void *data, size_t count)
{
	if (scan_keyword(&p->s, "fill"))
		return read_sequence(p, t, data, count, false);
	if (scan_keyword(&p->s, "seq"))
		return read_sequence(p, t, data, count, true);
	if (scan_keyword(&p->s, "random"))
		return read_random(p, t, data, count);
	if (scan_keyword(&p->s, "hash"))
		return scan_error(&p->s, "a constant was printed as a hash");
	return read_list(p, t, data, count);
}

/* ---- Lines ---- */

static int define(struct parser *p, char *name)
{
	if (!name)
		return -1;
	return *name && !graph_find_value(p->g, name) ?
		       0 :
		       scan_error(&p->s, "value '%s' is there already", name);
}

static int parse_constant(struct parser *p)
{
	char *name = read_name(p);
	enum dtype t;
	struct shape s;
	int64_t count;
	void *data;

	if (define(p, name) || read_type(p, &t, &s) || scan_expect(&p->s, '='))
		return -1;
	count = shape_elements(&s);
	if (count < 0 || t == DT_NONE)
		return scan_error(&p->s, "a constant needs a type and a shape");
	data = arena_array(p->g->arena, (size_t)count, dtype_size(t));
	if (!data)
		return scan_no_memory(&p->s);
	if (read_data(p, t, data, (size_t)count))
		return -1;
	return graph_constant(p->g, name, t, &s, data) ? 0 :
							 scan_no_memory(&p->s);
}

static int parse_input(struct parser *p)
{
	char *name = read_name(p);
	enum dtype t;
	struct shape s;
	struct value *v;

	if (define(p, name) || read_type(p, &t, &s))
		return -1;
	v = graph_value(p->g, name, t, &s);
	return v && !graph_add_input(p->g, v) ? 0 : scan_no_memory(&p->s);
}

static int parse_output(struct parser *p)
{
	char *name = read_name(p);
	struct value *v = name ? graph_find_value(p->g, name) : NULL;

	if (!name)
		return -1;
	if (!v)
		return scan_error(&p->s, "no value '%s'", name);
	return graph_add_output(p->g, v) ? scan_no_memory(&p->s) : 0;
}

/* Operands up to and with the closing parenthesis. */
static int parse_operands(struct parser *p, struct value **list, int *count)
{
	for (*count = 0; !scan_char(&p->s, ')'); ++*count) {
		char *name;

		if (*count == MAX_VALUES)
			return scan_error(&p->s, "too many inputs");
		if (*count && scan_expect(&p->s, ','))
			return -1;
		name = read_name(p);
		if (!name)
			return -1;
		list[*count] = *name ? graph_find_value(p->g, name) : NULL;
		if (*name && !list[*count])
			return scan_error(&p->s, "no value '%s' before", name);
	}
	return 0;
}

static int parse_attr_list(struct parser *p, struct node *n, const char *name)
{
	struct scan_number list[MAX_VALUES];
	int64_t ints[MAX_VALUES];
	int count = 0;
	bool is_float = false;

	for (; !scan_char(&p->s, ']'); count++) {
		if (count == MAX_VALUES)
			return scan_error(&p->s, "the list is too long");
		if ((count && scan_expect(&p->s, ',')) ||
		    scan_number(&p->s, &list[count]))
			return -1;
		is_float |= list[count].is_float;
		ints[count] = list[count].i;
	}
	if (node_set_ints(p->g, n, name, ints, count))
		return scan_no_memory(&p->s);
	if (is_float) {
		float *f = arena_array(p->g->arena, (size_t)count, sizeof(*f));
		struct attr *a = n->attrs;

		if (!f)
			return scan_no_memory(&p->s);
		for (int i = 0; i < count; i++)
			f[i] = (float)list[i].f;
		while (strcmp(a->name, name))
			a = a->next;
		*a = (struct attr){ .name = a->name,
				    .kind = ATTR_FLOATS,
				    .count = count,
				    .floats = f,
				    .next = a->next };
	}
	return 0;
}

static int parse_attr(struct parser *p, struct node *n)
{
	char name[SCAN_MAX_WORD], *text;
	struct scan_number number;
	int err;

	if (scan_word(&p->s, name) || scan_expect(&p->s, '='))
		return -1;
	if (scan_char(&p->s, '['))
		return parse_attr_list(p, n, name);
	if (*p->s.at == '"') {
		text = scan_quoted(&p->s);
		err = text ? node_set_string(p->g, n, name, text) : -1;
	} else {
		if (scan_number(&p->s, &number))
			return -1;
		err = number.is_float ?
			      node_set_float(p->g, n, name, (float)number.f) :
			      node_set_int(p->g, n, name, number.i);
	}
	return err;
}

static int parse_attrs(struct parser *p, struct node *n)
{
	if (!scan_char(&p->s, '{') || scan_char(&p->s, '}'))
		return 0;
	do {
		if (parse_attr(p, n))
			return -1;
	} while (scan_char(&p->s, ','));
	return scan_expect(&p->s, '}');
}

static int parse_activation(struct parser *p, struct node *n)
{
	char word[SCAN_MAX_WORD];
	struct scan_number a = { 0 }, b = { 0 };
	int kind = 0;

	if (scan_word(&p->s, word))
		return -1;
	while (kind < ACT_COUNT && strcmp(word, act_name((enum act_kind)kind)))
		kind++;
	if (kind == ACT_COUNT)
		return scan_error(&p->s, "'%s' is no activation", word);
	if (scan_char(&p->s, '(') &&
	    (scan_number(&p->s, &a) ||
	     (scan_char(&p->s, ',') && scan_number(&p->s, &b)) ||
	     scan_expect(&p->s, ')')))
		return -1;
	n->act = (struct activation){ (enum act_kind)kind, (float)a.f,
				      (float)b.f };
	return 0;
}

static int parse_layout(struct parser *p, struct node *n)
{
	if (scan_expect(&p->s, '=') || !scan_keyword(&p->s, "nhwc"))
		return scan_error(&p->s, "the only layout to name is nhwc");
	n->layout = LAYOUT_NHWC;
	return 0;
}

/* The optional parts after the attributes. */
static int parse_marks(struct parser *p, struct node *n)
{
	char *name;

	for (;;) {
		if (scan_keyword(&p->s, "act")) {
			if (scan_expect(&p->s, '=') || parse_activation(p, n))
				return -1;
		} else if (scan_keyword(&p->s, "layout")) {
			if (parse_layout(p, n))
				return -1;
		} else if (scan_keyword(&p->s, "tail")) {
			n->tail = true;
		} else {
			break;
		}
	}
	scan_blanks(&p->s);
	if (*p->s.at != '"')
		return 0;
	name = scan_quoted(&p->s);
	n->name = name;
	return name ? 0 : -1;
}

static int parse_types(struct parser *p, struct node *n)
{
	if (!scan_char(&p->s, ':'))
		return 0;
	for (int i = 0; i < n->output_count; i++) {
		struct value *v = n->outputs[i];

		if (i && scan_expect(&p->s, ','))
			return -1;
		if (scan_keyword(&p->s, "_"))
			continue;
		if (!v)
			return scan_error(&p->s, "a type for no output");
		if (read_type(p, &v->dtype, &v->shape))
			return -1;
	}
	return 0;
}

static int parse_outputs(struct parser *p, struct value **list, int *count)
{
	*count = 0;
	do {
		char *name = read_name(p);

		if (!name)
			return -1;
		if (*count == MAX_VALUES)
			return scan_error(&p->s, "too many outputs");
		list[*count] = NULL;
		if (*name) {
			if (define(p, name))
				return -1;
			list[*count] = graph_value(p->g, name, DT_NONE, NULL);
			if (!list[*count])
				return scan_no_memory(&p->s);
		}
		++*count;
	} while (scan_char(&p->s, ','));
	return 0;
}

static int parse_node(struct parser *p)
{
	struct value *outputs[MAX_VALUES], *inputs[MAX_VALUES];
	int output_count, input_count;
	char name[SCAN_MAX_WORD];
	enum op op;
	struct node *n;

	if (parse_outputs(p, outputs, &output_count) ||
	    scan_expect(&p->s, '=') || scan_word(&p->s, name))
		return -1;
	op = op_from_name(name);
	if (op == OP_NONE)
		return scan_error(&p->s, "'%s' is no operator", name);
	if (scan_expect(&p->s, '(') || parse_operands(p, inputs, &input_count))
		return -1;
	n = graph_node(p->g, op, NULL, inputs, input_count, outputs,
		       output_count, NULL);
	if (!n)
		return scan_no_memory(&p->s);
	return parse_attrs(p, n) || parse_marks(p, n) || parse_types(p, n) ?
		       -1 :
		       0;
}

static int parse_line(struct parser *p)
{
	if (scan_keyword(&p->s, "graph")) {
		p->g->name = scan_quoted(&p->s);
		return p->g->name ? 0 : -1;
	}
	if (scan_keyword(&p->s, "input"))
		return parse_input(p);
	if (scan_keyword(&p->s, "const"))
		return parse_constant(p);
	if (scan_keyword(&p->s, "output"))
		return parse_output(p);
	return parse_node(p);
}

struct graph *graph_parse(struct arena *a, const char *text, struct diag *d)
{
	struct parser p = { .g = graph_new(a), .s = { a, text, 1, d } };

	if (!p.g) {
		scan_no_memory(&p.s);
		return NULL;
	}
	for (scan_lines(&p.s); *p.s.at; scan_lines(&p.s)) {
		if (parse_line(&p))
			return NULL;
		scan_blanks(&p.s);
		if (*p.s.at && *p.s.at != '\n') {
			scan_error(&p.s, "the line goes on after its end");
			return NULL;
		}
	}
	return graph_check(p.g, "parsing", d) ? NULL : p.g;
}
