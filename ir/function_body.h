/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_FUNCTION_BODY_H
#define DBC_IR_FUNCTION_BODY_H

/*
 * The body of a Function: what it computes from one float x, in the string
 * attribute "body" as a postfix expression. Its words are x, numbers, and
 * operators of one or two operands with their float attributes:
 *
 *	x Neg Exp 1 Add Reciprocal        1 / (1 + exp(-x))
 *	x x HardSigmoid(alpha=0.2) Mul    x * hard_sigmoid(x)
 */
#include "ir/graph.h"

#define FUNCTION_MAX_STEPS 48
#define FUNCTION_MAX_DEPTH 8 /* of the stack */
#define FUNCTION_TEXT_MAX 1024

enum function_step_kind { FUNCTION_X, FUNCTION_NUMBER, FUNCTION_OP };

struct function_step {
	enum function_step_kind kind;
	int operands; /* that FUNCTION_OP takes from the stack: 1 or 2 */
	float number;
	struct node node; /* FUNCTION_OP: operator and attributes, no values */
	struct attr attrs[2];
};

struct function_body {
	int count;
	struct function_step steps[FUNCTION_MAX_STEPS];
};

/* Operands of an operator that a body may have: 1 or 2; 0 for others. */
int function_operands(enum op op);
/* -1 if the text is no body: a word is unknown, or not one result is left, or
 * it is too long. */
int function_body_parse(const char *text, struct function_body *b);
/* The body of a Function node. */
int function_body_of(const struct node *n, struct function_body *b);

/* Writing a body, word by word. */
struct function_text {
	char text[FUNCTION_TEXT_MAX];
	size_t length;
	int steps;
	bool full; /* or a word that a body cannot have */
};

void function_write_x(struct function_text *t);
void function_write_number(struct function_text *t, float number);
/* Operator and attributes of n. */
void function_write_op(struct function_text *t, const struct node *n);

#endif
