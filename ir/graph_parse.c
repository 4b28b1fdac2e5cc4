/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text form of a graph; graph_print.c has the grammar. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

#define MAX_VALUES 256 /* of one node, inputs or outputs */
#define MAX_WORD 256

struct parser {
	struct graph *g;
	const char *at;
	int line;
	struct diag *d;
};

static int fail(struct parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct parser *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_error(p->d, "line %d: %s", p->line, text);
}

static int out_of_memory(struct parser *p)
{
	return diag_error(p->d, "out of memory");
}

/* Blanks within a line. */
static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')
		p->at++;
	if (*p->at == '#')
		p->at += strcspn(p->at, "\n");
}

static void skip_lines(struct parser *p)
{
	for (skip_blanks(p); *p->at == '\n'; skip_blanks(p)) {
		p->at++;
		p->line++;
	}
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static int expect(struct parser *p, char c)
{
	return take(p, c) ? 0 : fail(p, "expected '%c'", c);
}

/* A run of the characters of words and numbers; "" where there is none. */
static int read_word(struct parser *p, char word[MAX_WORD])
{
	size_t n = 0;

	skip_blanks(p);
	while (isalnum((unsigned char)*p->at) ||
	       (*p->at && strchr("_./:-+?", *p->at))) {
		if (n + 1 == MAX_WORD)
			return fail(p, "a word is too long");
		word[n++] = *p->at++;
	}
	word[n] = 0;
	return 0;
}

/* Takes the word where it comes next, whole. */
static bool take_word(struct parser *p, const char *expected)
{
	const char *start;
	char word[MAX_WORD];

	skip_blanks(p);
	start = p->at;
	if (strlen(start) < strlen(expected) ||
	    strncmp(start, expected, strlen(expected)))
		return false;
	if (read_word(p, word) || strcmp(word, expected)) {
		p->at = start;
		return false;
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What follows a backslash. */
static int read_escape(struct parser *p, char *c)
{
	int high, low;

	if (*p->at != 'x') {
		*c = *p->at;
		return *p->at ? (p->at++, 0) : fail(p, "text ends in a quote");
	}
	high = hex_digit(p->at[1]);
	low = high < 0 ? -1 : hex_digit(p->at[2]);
	if (low < 0 || (!high && !low))
		return fail(p, "expected \\xHH, not 00");
	*c = (char)(high << 4 | low);
	p->at += 3;
	return 0;
}

/* NULL after a diagnostic. */
static char *read_quoted(struct parser *p)
{
	char *text, *out;

	if (expect(p, '"'))
		return NULL;
	text = out = arena_alloc(p->g->arena, strcspn(p->at, "\n") + 1);
	if (!text) {
		out_of_memory(p);
		return NULL;
	}
	while (*p->at != '"') {
		if (!*p->at || *p->at == '\n') {
			fail(p, "text ends in a quote");
			return NULL;
		}
		if (*p->at != '\\')
			*out++ = *p->at++;
		else if (p->at++, read_escape(p, out++))
			return NULL;
	}
	p->at++;
	return text;
}

/* `%name`, or `_`, which gives "". */
static char *read_name(struct parser *p)
{
	char word[MAX_WORD];

	if (take_word(p, "_"))
		return arena_strdup(p->g->arena, "");
	if (expect(p, '%'))
		return NULL;
	if (*p->at == '"')
		return read_quoted(p);
	if (read_word(p, word))
		return NULL;
	if (!*word) {
		fail(p, "expected a name");
		return NULL;
	}
	return arena_strdup(p->g->arena, word);
}

static int read_dtype(struct parser *p, enum dtype *t)
{
	char word[MAX_WORD];

	if (read_word(p, word))
		return -1;
	for (int i = 0; i < DT_COUNT; i++) {
		if (!strcmp(word, dtype_name((enum dtype)i))) {
			*t = (enum dtype)i;
			return 0;
		}
	}
	return fail(p, "'%s' is no element type", word);
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
			return fail(p, "more than %d dims", GRAPH_MAX_RANK);
		errno = 0;
		s->dim[s->rank] = strcmp(rest, "?") ? strtoll(rest, &stop, 10) :
						      (stop = rest + 1, -1);
		if (errno || stop == rest || *stop || s->dim[s->rank] < -1)
			return fail(p, "'%s' is no dim", rest);
		s->rank++;
		rest = end ? end + 1 : NULL;
	} while (rest);
	return 0;
}

static int read_shape(struct parser *p, struct shape *s)
{
	char word[MAX_WORD];

	*s = (struct shape){ .rank = 0 };
	if (read_word(p, word))
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

struct number {
	bool is_float;
	int64_t i;
	double f;
};

static int read_number(struct parser *p, struct number *out)
{
	char word[MAX_WORD], *end;

	if (read_word(p, word))
		return -1;
	errno = 0;
	out->i = strtoll(word, &end, 10);
	out->f = (double)out->i;
	out->is_float = *end != 0;
	if (*word && !errno && !*end)
		return 0;
	out->f = strtod(word, &end);
	out->i = 0;
	return *word && !*end ? 0 : fail(p, "'%s' is no number", word);
}

static void store_element(enum dtype t, void *data, size_t i,
			  const struct number *n)
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
	default:
		((uint8_t *)data)[i] = (uint8_t)n->i;
	}
}

static int read_list(struct parser *p, enum dtype t, void *data, size_t count)
{
	struct number n;

	for (size_t i = 0; i < count; i++) {
		if (expect(p, i ? ',' : '[') || read_number(p, &n))
			return -1;
		store_element(t, data, i, &n);
	}
	return count || !expect(p, '[') ? expect(p, ']') : -1;
}

/* start, start + step, ... */
static int read_sequence(struct parser *p, enum dtype t, void *data,
			 size_t count, bool has_step)
{
	struct number start, step = { 0 }, n;

	if (read_number(p, &start) || (has_step && read_number(p, &step)))
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
	struct number seed, n;
	uint64_t s;

	if (read_number(p, &seed))
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
	if (take_word(p, "fill"))
		return read_sequence(p, t, data, count, false);
	if (take_word(p, "seq"))
		return read_sequence(p, t, data, count, true);
	if (take_word(p, "random"))
		return read_random(p, t, data, count);
	if (take_word(p, "hash"))
		return fail(p, "a constant was printed as a hash");
	return read_list(p, t, data, count);
}

/* ---- Lines ---- */

static int define(struct parser *p, char *name)
{
	if (!name)
		return -1;
	return *name && !graph_find_value(p->g, name) ?
		       0 :
		       fail(p, "value '%s' is there already", name);
}

static int parse_constant(struct parser *p)
{
	char *name = read_name(p);
	enum dtype t;
	struct shape s;
	int64_t count;
	void *data;

	if (define(p, name) || read_type(p, &t, &s) || expect(p, '='))
		return -1;
	count = shape_elements(&s);
	if (count < 0 || t == DT_NONE)
		return fail(p, "a constant needs a type and a shape");
	data = arena_array(p->g->arena, (size_t)count, dtype_size(t));
	if (!data)
		return out_of_memory(p);
	if (read_data(p, t, data, (size_t)count))
		return -1;
	return graph_constant(p->g, name, t, &s, data) ? 0 : out_of_memory(p);
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
	return v && !graph_add_input(p->g, v) ? 0 : out_of_memory(p);
}

static int parse_output(struct parser *p)
{
	char *name = read_name(p);
	struct value *v = name ? graph_find_value(p->g, name) : NULL;

	if (!name)
		return -1;
	if (!v)
		return fail(p, "no value '%s'", name);
	return graph_add_output(p->g, v) ? out_of_memory(p) : 0;
}

/* Operands, the closing parenthesis included. */
static int parse_operands(struct parser *p, struct value **list, int *count)
{
	for (*count = 0; !take(p, ')'); ++*count) {
		char *name;

		if (*count == MAX_VALUES)
			return fail(p, "too many inputs");
		if (*count && expect(p, ','))
			return -1;
		name = read_name(p);
		if (!name)
			return -1;
		list[*count] = *name ? graph_find_value(p->g, name) : NULL;
		if (*name && !list[*count])
			return fail(p, "no value '%s' before", name);
	}
	return 0;
}

static int parse_attr_list(struct parser *p, struct node *n, const char *name)
{
	struct number list[MAX_VALUES];
	int64_t ints[MAX_VALUES];
	int count = 0;
	bool is_float = false;

	for (; !take(p, ']'); count++) {
		if (count == MAX_VALUES)
			return fail(p, "the list is too long");
		if ((count && expect(p, ',')) || read_number(p, &list[count]))
			return -1;
		is_float |= list[count].is_float;
		ints[count] = list[count].i;
	}
	if (node_set_ints(p->g, n, name, ints, count))
		return out_of_memory(p);
	if (is_float) {
		float *f = arena_array(p->g->arena, (size_t)count, sizeof(*f));
		struct attr *a = n->attrs;

		if (!f)
			return out_of_memory(p);
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
	char name[MAX_WORD], *text;
	struct number number;
	int err;

	if (read_word(p, name) || expect(p, '='))
		return -1;
	if (take(p, '['))
		return parse_attr_list(p, n, name);
	if (*p->at == '"') {
		text = read_quoted(p);
		err = text ? node_set_string(p->g, n, name, text) : -1;
	} else {
		if (read_number(p, &number))
			return -1;
		err = number.is_float ?
			      node_set_float(p->g, n, name, (float)number.f) :
			      node_set_int(p->g, n, name, number.i);
	}
	return err;
}

static int parse_attrs(struct parser *p, struct node *n)
{
	if (!take(p, '{') || take(p, '}'))
		return 0;
	do {
		if (parse_attr(p, n))
			return -1;
	} while (take(p, ','));
	return expect(p, '}');
}

static int parse_activation(struct parser *p, struct node *n)
{
	char word[MAX_WORD];
	struct number a = { 0 }, b = { 0 };
	int kind = 0;

	if (read_word(p, word))
		return -1;
	while (kind < ACT_COUNT && strcmp(word, act_name((enum act_kind)kind)))
		kind++;
	if (kind == ACT_COUNT)
		return fail(p, "'%s' is no activation", word);
	if (take(p, '(') &&
	    (read_number(p, &a) || (take(p, ',') && read_number(p, &b)) ||
	     expect(p, ')')))
		return -1;
	n->act = (struct activation){ (enum act_kind)kind, (float)a.f,
				      (float)b.f };
	return 0;
}

static int parse_layout(struct parser *p, struct node *n)
{
	if (expect(p, '=') || !take_word(p, "nhwc"))
		return fail(p, "the only layout to name is nhwc");
	n->layout = LAYOUT_NHWC;
	return 0;
}

/* What may follow the attributes. */
static int parse_marks(struct parser *p, struct node *n)
{
	char *name;

	for (;;) {
		if (take_word(p, "act")) {
			if (expect(p, '=') || parse_activation(p, n))
				return -1;
		} else if (take_word(p, "layout")) {
			if (parse_layout(p, n))
				return -1;
		} else if (take_word(p, "tail")) {
			n->tail = true;
		} else {
			break;
		}
	}
	skip_blanks(p);
	if (*p->at != '"')
		return 0;
	name = read_quoted(p);
	n->name = name;
	return name ? 0 : -1;
}

static int parse_types(struct parser *p, struct node *n)
{
	if (!take(p, ':'))
		return 0;
	for (int i = 0; i < n->output_count; i++) {
		struct value *v = n->outputs[i];

		if (i && expect(p, ','))
			return -1;
		if (take_word(p, "_"))
			continue;
		if (!v)
			return fail(p, "a type for no output");
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
			return fail(p, "too many outputs");
		list[*count] = NULL;
		if (*name) {
			if (define(p, name))
				return -1;
			list[*count] = graph_value(p->g, name, DT_NONE, NULL);
			if (!list[*count])
				return out_of_memory(p);
		}
		++*count;
	} while (take(p, ','));
	return 0;
}

static int parse_node(struct parser *p)
{
	struct value *outputs[MAX_VALUES], *inputs[MAX_VALUES];
	int output_count, input_count;
	char name[MAX_WORD];
	enum op op;
	struct node *n;

	if (parse_outputs(p, outputs, &output_count) || expect(p, '=') ||
	    read_word(p, name))
		return -1;
	op = op_from_name(name);
	if (op == OP_NONE)
		return fail(p, "'%s' is no operator", name);
	if (expect(p, '(') || parse_operands(p, inputs, &input_count))
		return -1;
	n = graph_node(p->g, op, NULL, inputs, input_count, outputs,
		       output_count, NULL);
	if (!n)
		return out_of_memory(p);
	return parse_attrs(p, n) || parse_marks(p, n) || parse_types(p, n) ?
		       -1 :
		       0;
}

static int parse_line(struct parser *p)
{
	if (take_word(p, "graph")) {
		p->g->name = read_quoted(p);
		return p->g->name ? 0 : -1;
	}
	if (take_word(p, "input"))
		return parse_input(p);
	if (take_word(p, "const"))
		return parse_constant(p);
	if (take_word(p, "output"))
		return parse_output(p);
	return parse_node(p);
}

struct graph *graph_parse(struct arena *a, const char *text, struct diag *d)
{
	struct parser p = { .g = graph_new(a), .at = text, .line = 1, .d = d };

	if (!p.g) {
		out_of_memory(&p);
		return NULL;
	}
	for (skip_lines(&p); *p.at; skip_lines(&p)) {
		if (parse_line(&p))
			return NULL;
		skip_blanks(&p);
		if (*p.at && *p.at != '\n') {
			fail(&p, "the line goes on after its end");
			return NULL;
		}
	}
	return graph_check(p.g, "parsing", d) ? NULL : p.g;
}
