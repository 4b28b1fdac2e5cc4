/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/function_body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 120

/* Every float attribute of a function of one float. */
static const char *const attr_names[] = { "alpha", "beta", "gamma", "lambd",
					  "bias" };
#define ATTR_NAMES (sizeof(attr_names) / sizeof(*attr_names))

int function_operands(enum op op)
{
	switch (op) {
	case OP_ABS:
	case OP_GELU:
	case OP_NEG:
	case OP_RELU:
	case OP_SIGN:
		return 1;
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_POW:
	case OP_MAX:
	case OP_MIN:
		return 2;
	case OP_FUNCTION: /* bodies do not nest */
		return 0;
	default:
		return op_info(op)->flags & OPF_FUNCTION ? 1 : 0;
	}
}

/* ---- Reading ---- */

static const char *attr_name(const char *s, size_t length)
{
	for (size_t i = 0; i < ATTR_NAMES; i++)
		if (strlen(attr_names[i]) == length &&
		    !strncmp(attr_names[i], s, length))
			return attr_names[i];
	return NULL;
}

/* "(alpha=1.5,beta=2)", the list of a step's attributes. */
static int read_attrs(const char *s, struct function_step *step)
{
	struct attr **end = &step->node.attrs;
	char *after;

	if (*s++ != '(')
		return -1;
	for (size_t i = 0; i < sizeof(step->attrs) / sizeof(*step->attrs);
	     i++) {
		struct attr *a = &step->attrs[i];
		size_t length = strcspn(s, "=");

		*a = (struct attr){ .name = attr_name(s, length),
				    .kind = ATTR_FLOAT };
		if (!a->name || !s[length])
			return -1;
		a->f = strtof(s + length + 1, &after);
		*end = a;
		end = &a->next;
		if (after == s + length + 1)
			return -1;
		s = after + 1;
		if (*after == ')')
			return *s ? -1 : 0;
		if (*after != ',')
			return -1;
	}
	return -1;
}

static int read_word(const char *word, struct function_step *step)
{
	char name[WORD_MAX];
	size_t length = strcspn(word, "(");
	char *after;

	*step = (struct function_step){ .kind = FUNCTION_X };
	if (!strcmp(word, "x"))
		return 0;
	step->number = strtof(word, &after);
	step->kind = FUNCTION_NUMBER;
	if (after != word)
		return *after ? -1 : 0;
	memcpy(name, word, length);
	name[length] = 0;
	step->kind = FUNCTION_OP;
	step->node.op = op_from_name(name);
	step->node.name = "";
	step->operands = function_operands(step->node.op);
	if (!step->operands)
		return -1;
	return word[length] ? read_attrs(word + length, step) : 0;
}

int function_body_parse(const char *s, struct function_body *b)
{
	bool reads_x = false;
	int depth = 0;

	b->count = 0;
	while (*s) {
		struct function_step *step = &b->steps[b->count];
		size_t length = strcspn(s, " ");
		char word[WORD_MAX];

		if (b->count == FUNCTION_MAX_STEPS || length >= WORD_MAX)
			return -1;
		memcpy(word, s, length);
		word[length] = 0;
		if (read_word(word, step) || depth < step->operands)
			return -1;
		depth += 1 - step->operands;
		if (depth > FUNCTION_MAX_DEPTH)
			return -1;
		reads_x |= step->kind == FUNCTION_X;
		b->count++;
		s += length + (s[length] == ' ');
	}
	return depth == 1 && reads_x ? 0 : -1;
}

int function_body_of(const struct node *n, struct function_body *b)
{
	return function_body_parse(node_string(n, "body", ""), b);
}

/* ---- Writing ---- */

static void write_text(struct function_text *t, const char *word)
{
	size_t length = strlen(word);

	if (t->length + length >= sizeof(t->text)) {
		t->full = true;
		return;
	}
	memcpy(t->text + t->length, word, length + 1);
	t->length += length;
}

static void write_float(struct function_text *t, float x)
{
	char word[32];

	snprintf(word, sizeof(word), "%.9g", (double)x);
	write_text(t, word);
	t->full |= !isfinite(x);
}

static void begin_step(struct function_text *t)
{
	if (t->steps++)
		write_text(t, " ");
	t->full |= t->steps > FUNCTION_MAX_STEPS;
}

void function_write_x(struct function_text *t)
{
	begin_step(t);
	write_text(t, "x");
}

void function_write_number(struct function_text *t, float number)
{
	begin_step(t);
	write_float(t, number);
}

void function_write_op(struct function_text *t, const struct node *n)
{
	const char *separator = "(";

	begin_step(t);
	write_text(t, op_info(n->op)->name);
	t->full |= !function_operands(n->op);
	for (const struct attr *a = n->attrs; a; a = a->next) {
		if (a->kind != ATTR_FLOAT ||
		    !attr_name(a->name, strlen(a->name))) {
			t->full = true;
			return;
		}
		write_text(t, separator);
		write_text(t, a->name);
		write_text(t, "=");
		write_float(t, a->f);
		separator = ",";
	}
	if (n->attrs)
		write_text(t, ")");
}
