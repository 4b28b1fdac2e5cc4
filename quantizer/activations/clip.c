/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSE clipping: the range of an activation by least mean squared quantization
 * error over its histogram. Inside the range the error of a uniform quantizer
 * is step^2 / 12; outside it is the squared distance to the nearest end. Where
 * a table reads the value, both count after the table: times its squared slope
 * inside, between its outputs outside.
 */
#include "quantizer/activations/clip.h"

#include <math.h>
#include <stdbool.h>

#include "base/finite.h"
#include "evaluator/evaluator.h"

#define STEPS 64
#define STEP_MIN 1e-30 /* narrower ranges count as 0 */
/* Small, because readers round their biases to steps of it times a weight. */
#define ZERO_SCALE (1.0f / 1024)

/* Running sums over the bins, of the value a after the activation; weight: of
 * its squared slope. */
struct bin_sums {
	double weight[HIST_BINS + 1];
	double n[HIST_BINS + 1], a[HIST_BINS + 1], aa[HIST_BINS + 1];
	float value[HIST_BINS];    /* a in the middle of each bin */
	float edge[HIST_BINS + 1]; /* a at its ends */
	bool limited;              /* a does not exist in every bin */
};

/* y: x after the activation `reader`; x itself where it is NULL or fails. */
static void apply_activation(const struct node *reader, const float *x,
			     float *y, int n)
{
	struct shape s = shape_of(1, (int64_t[]){ n });
	struct value in = { .dtype = DT_F32, .shape = s };
	struct value out = { .dtype = DT_F32, .shape = s };
	struct value *ins[8] = { &in }, *outs[1] = { &out };
	const void *from[8] = { x };
	void *to[1] = { y };
	struct diag d;

	for (int i = 0; i < n; i++)
		y[i] = x[i];
	if (!reader || reader->input_count > 8)
		return;
	struct node one = *reader;

	one.inputs = ins;
	one.outputs = outs;
	for (int i = 1; i < reader->input_count; i++) {
		ins[i] = reader->inputs[i];
		from[i] = ins[i] ? ins[i]->data : NULL;
	}
	diag_init(&d);
	if (eval_node(&one, from, to, &d))
		for (int i = 0; i < n; i++)
			y[i] = x[i];
	diag_free(&d);
}

/* Bins where the activation has no value get that of the nearest one which has:
 * what the table holds there does not matter, but sums contain it. True: there
 * are such bins. */
static bool fill_gaps(float *y, int n)
{
	bool some = false;
	int first = 0;

	while (first < n && !float_is_finite(y[first]))
		first++;
	for (int i = 0; i < first; i++)
		y[i] = first < n ? y[first] : 0;
	for (int i = first + 1; i < n; i++)
		if (!float_is_finite(y[i])) {
			y[i] = y[i - 1];
			some = true;
		}
	return some || first > 0;
}

static void sum_bins(const struct histogram *o, const struct node *reader,
		     struct bin_sums *s)
{
	double width = histogram_bin_width(o);
	float x[HIST_BINS], edge[HIST_BINS + 1], *edge_y = s->edge;

	for (int i = 0; i <= HIST_BINS; i++)
		edge[i] = (float)((i - HIST_BINS / 2) * width);
	for (int i = 0; i < HIST_BINS; i++)
		x[i] = (float)((i - HIST_BINS / 2 + 0.5) * width);
	apply_activation(reader, x, s->value, HIST_BINS);
	apply_activation(reader, edge, edge_y, HIST_BINS + 1);
	s->limited = fill_gaps(s->value, HIST_BINS);
	fill_gaps(edge_y, HIST_BINS + 1);
	s->weight[0] = s->n[0] = s->a[0] = s->aa[0] = 0;
	for (int i = 0; i < HIST_BINS; i++) {
		double n = (double)o->count[i], a = s->value[i];
		double slope = ((double)edge_y[i + 1] - edge_y[i]) / width;

		s->weight[i + 1] = s->weight[i] + n * slope * slope;
		s->n[i + 1] = s->n[i] + n;
		s->a[i + 1] = s->a[i] + n * a;
		s->aa[i + 1] = s->aa[i] + n * a * a;
	}
}

/* Sum over bins [from, to) of (a - clipped)^2. */
static double clip_error(const struct bin_sums *s, int from, int to,
			 double clipped)
{
	double n = s->n[to] - s->n[from], a = s->a[to] - s->a[from];

	return s->aa[to] - s->aa[from] - 2 * clipped * a +
	       n * clipped * clipped;
}

static int bin_of(double x, double width)
{
	double at = x / width + HIST_BINS / 2;
	int bin = (int)(at < 0 ? 0 : at);

	return bin < HIST_BINS ? bin : HIST_BINS - 1;
}

static double range_error(const struct bin_sums *s, double width, double low,
			  double high, int levels)
{
	double step = (high - low) / (levels - 1);
	int first = bin_of(low, width), last = bin_of(high, width);

	return (s->weight[last + 1] - s->weight[first]) * step * step / 12 +
	       clip_error(s, 0, first, s->value[first]) +
	       clip_error(s, last + 1, HIST_BINS, s->value[last]);
}

/* The activation at x, between the ends of its bin. */
static double value_at(const struct bin_sums *s, double x, double width)
{
	double at = x / width + HIST_BINS / 2;
	int bin = bin_of(x, width);

	return s->edge[bin] +
	       (at - bin) * ((double)s->edge[bin + 1] - s->edge[bin]);
}

/* The same error without the slope, which is no bound at the end of a domain:
 * that of Sqrt is infinite at 0. Bins are rounded one by one. */
static double rounded_error(const struct histogram *o, const struct bin_sums *s,
			    double width, double low, double high, int levels)
{
	double step = (high - low) / (levels - 1), error = 0;
	int from = bin_of(o->low, width), to = bin_of(o->high, width);

	for (int i = from; i <= to; i++) {
		double x = (i - HIST_BINS / 2 + 0.5) * width, a;

		if (!o->count[i])
			continue;
		x = x < low ? low : x > high ? high : x;
		a = value_at(s, floor(x / step + 0.5) * step, width) -
		    s->value[i];
		error += (double)o->count[i] * a * a;
	}
	return error;
}

struct input_range clip_range(const struct histogram *o,
			      const struct node *reader, int bits)
{
	double width = histogram_bin_width(o), best = -1;
	struct input_range r = { o->low, o->high };
	struct bin_sums s;

	if (!(o->high > o->low))
		return r;
	sum_bins(o, reader, &s);
	for (int i = o->low < 0 ? 1 : STEPS; i <= STEPS; i++) {
		for (int k = o->high > 0 ? 1 : STEPS; k <= STEPS; k++) {
			double low = (double)o->low * i / STEPS;
			double high = (double)o->high * k / STEPS;
			double e = s.limited ? rounded_error(o, &s, width, low,
							     high, 1 << bits) :
					       range_error(&s, width, low, high,
							   1 << bits);

			if (best < 0 || e <= best) {
				best = e;
				r.low = (float)low;
				r.high = (float)high;
			}
		}
	}
	return r;
}

void range_to_scale(struct input_range r, int bits, float *scale,
		    int32_t *zero_point)
{
	double low = r.low < 0 ? (double)r.low : 0;
	double high = r.high > 0 ? (double)r.high : 0;
	double step = (high - low) / ((1 << bits) - 1), zero;
	int least = -(1 << (bits - 1)), most = (1 << (bits - 1)) - 1;

	if (!(step > STEP_MIN)) { /* always 0, as far as was seen */
		*scale = ZERO_SCALE;
		*zero_point = 0;
		return;
	}
	*scale = (float)step;
	zero = least - low / step;
	*zero_point = (int32_t)(zero < 0 ? zero - 0.5 : zero + 0.5);
	if (*zero_point > most)
		*zero_point = most;
	if (*zero_point < least)
		*zero_point = least;
}
