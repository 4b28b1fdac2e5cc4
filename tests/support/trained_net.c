/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/trained_net.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/random.h"

char *trained_name(struct net *n, char *name)
{
	snprintf(name, NAME, "v%d", n->count++);
	return name;
}

float trained_normal(struct net *n)
{
	float sum = 0;

	for (int i = 0; i < 3; i++)
		sum += random_signed(&n->seed);
	return sum;
}

Onnx__NodeProto *trained_node(struct net *n, const char *op, const char *out,
			      const char *format, ...)
{
	char in[512], name[NAME];
	va_list args;

	va_start(args, format);
	vsnprintf(in, sizeof(in), format, args);
	va_end(args);
	return onnx_build_node(n->b, op, trained_name(n, name), in, out);
}

void trained_set_domain(struct net *n, Onnx__NodeProto *p, const char *domain)
{
	if (domain)
		p->domain = onnx_build_text(n->b, domain);
}

/* ---- Constants ---- */

const char *trained_floats(struct net *n, char *name, const char *shape,
			   const float *v, size_t count)
{
	onnx_build_floats(n->b, trained_name(n, name), shape, v, count);
	return name;
}

static const char *number(struct net *n, char *name, double v)
{
	return trained_floats(n, name, "", (float[]){ (float)v }, 1);
}

void trained_code_range(int type, int *low, int *high)
{
	bool wide = type == ONNX_UINT16 || type == ONNX_INT16;
	bool few = type == ONNX_UINT4 || type == ONNX_INT4;
	int levels = wide ? 65536 : few ? 16 : 256;
	bool is_signed = type == ONNX_INT8 || type == ONNX_INT16 ||
			 type == ONNX_INT4;

	*low = is_signed ? -levels / 2 : 0;
	*high = *low + levels - 1;
}

const char *trained_codes(struct net *n, char *name, int type,
			  const char *shape, const int *v, size_t count)
{
	uint8_t raw[2 * MOST_WEIGHTS] = { 0 };
	size_t bytes = count;

	for (size_t i = 0; i < count; i++) {
		uint16_t u = (uint16_t)v[i];

		if (type == ONNX_UINT16 || type == ONNX_INT16)
			memcpy(raw + 2 * i, &u, 2);
		else if (type == ONNX_UINT4 || type == ONNX_INT4)
			raw[i / 2] |= (uint8_t)((u & 15) << i % 2 * 4);
		else
			raw[i] = (uint8_t)v[i];
	}
	if (type == ONNX_UINT16 || type == ONNX_INT16)
		bytes = 2 * count;
	else if (type == ONNX_UINT4 || type == ONNX_INT4)
		bytes = (count + 1) / 2;
	onnx_build_raw(n->b,
		       onnx_build_initializer(n->b, trained_name(n, name), type,
					      shape),
		       raw, bytes);
	return name;
}

/* ---- Activations ---- */

void trained_set_grid(struct net *n, struct at *x, double low, double high)
{
	int first, last, zero;

	trained_code_range(n->s->activation_type, &first, &last);
	if (n->s->form == TRAINED_PYTORCH)
		last = first + 127;
	if (n->s->form == TRAINED_INPUTS) { /* symmetric */
		high = fmax(-low, high);
		low = -high;
		first = -last;
	}
	x->step = (float)((high - low) / (last - first));
	zero = (int)rint(first - low / (high - low) * (last - first));
	number(n, x->scale, (double)x->step);
	trained_codes(n, x->zero, n->s->activation_type, "", &zero, 1);
}

void trained_quantize(struct net *n, const struct at *x, char *out)
{
	Onnx__NodeProto *p = trained_node(n, "QuantizeLinear",
					  trained_name(n, out), "%s %s %s",
					  x->name, x->scale, x->zero);

	trained_set_domain(n, p, n->s->domain);
}

void trained_dequantize(struct net *n, struct at *x)
{
	char out[NAME];
	Onnx__NodeProto *p = trained_node(n, "DequantizeLinear",
					  trained_name(n, out), "%s %s %s",
					  x->name, x->scale, x->zero);

	trained_set_domain(n, p, n->s->domain);
	strcpy(x->name, out);
}

void trained_pair(struct net *n, struct at *x)
{
	char out[NAME], clipped[NAME], low[NAME], high[NAME];

	trained_quantize(n, x, out);
	if (n->s->form == TRAINED_PYTORCH) {
		trained_codes(n, low, ONNX_UINT8, "", (int[]){ 0 }, 1);
		trained_codes(n, high, ONNX_UINT8, "", (int[]){ 127 }, 1);
		trained_node(n, "Clip", trained_name(n, clipped), "%s %s %s",
			     out, low, high);
		strcpy(out, clipped);
	}
	strcpy(x->name, out);
	trained_dequantize(n, x);
}

void trained_quant(struct net *n, struct at *x, double scale, int bits,
		   bool is_signed)
{
	char s[NAME], z[NAME], b[NAME], out[NAME];
	Onnx__NodeProto *p;

	number(n, s, scale);
	number(n, z, 0);
	number(n, b, bits);
	p = trained_node(n, "Quant", trained_name(n, out), "%s %s %s %s",
			 x->name, s, z, b);
	trained_set_domain(n, p, "qonnx.custom_op.general");
	onnx_build_attr_int(n->b, p, "signed", is_signed);
	onnx_build_attr_int(n->b, p, "narrow", 0);
	strcpy(x->name, out);
	x->step = (float)scale;
}

void trained_round(struct net *n, struct at *x, double low, double high)
{
	switch (n->s->form) {
	case TRAINED_QDQ:
	case TRAINED_PYTORCH:
		trained_set_grid(n, x, low, high);
		trained_pair(n, x);
		break;
	case TRAINED_QONNX:
		trained_quant(n, x, (double)n->s->activation_scale,
			      n->s->activation_bits, false);
		break;
	default:
		break;
	}
}
