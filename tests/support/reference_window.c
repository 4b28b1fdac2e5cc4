/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that slide a window over rows and columns. Those of one dimension
 * are computed as a picture of one row. */
#include "tests/support/reference_window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Numbers of dim 0, rows, and dim 1, columns. */
struct window {
	int64_t batch, channels;
	int64_t in[2], out[2], kernel[2], stride[2], dilation[2];
	int64_t begin[2], end[2]; /* pads */
};

/* Moves a list of one number a dim to the columns, where there is one. */
static void read_pair(const struct ref_node *n, const char *name, int64_t *to,
		      int spatial)
{
	int64_t list[REF_MAX_RANK];

	if (ref_ints(n, name, list))
		for (int i = 0; i < spatial; i++)
			to[2 - spatial + i] = list[i];
}

static int64_t reach(const struct window *w, int i)
{
	return w->dilation[i] * (w->kernel[i] - 1) + 1;
}

static void read_pads(const struct ref_node *n, struct window *w, int spatial)
{
	int64_t list[2 * REF_MAX_RANK];

	if (!ref_ints(n, "pads", list))
		return;
	for (int i = 0; i < spatial; i++) {
		w->begin[2 - spatial + i] = list[i];
		w->end[2 - spatial + i] = list[spatial + i];
	}
}

/* auto_pad: as many outputs as strides fit. */
static void pad_same(struct window *w, bool more_in_front)
{
	for (int i = 0; i < 2; i++) {
		int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
		int64_t pads =
			(out - 1) * w->stride[i] + reach(w, i) - w->in[i];

		pads = pads > 0 ? pads : 0;
		w->begin[i] = more_in_front ? pads - pads / 2 : pads / 2;
		w->end[i] = pads - w->begin[i];
	}
}

/* All but `out`; the kernel is that of the attribute or of a weight. */
static struct window read_window(const struct ref_node *n,
				 const struct ref_tensor *weight)
{
	const struct ref_tensor *x = n->in[0];
	struct window w = { .batch = x->dim[0],
			    .channels = x->dim[1],
			    .in = { 1, 1 },
			    .kernel = { 1, 1 },
			    .stride = { 1, 1 },
			    .dilation = { 1, 1 } };
	int spatial = x->rank - 2;

	assert_in_range(spatial, 1, 2);
	for (int i = 0; i < spatial; i++) {
		w.in[2 - spatial + i] = x->dim[2 + i];
		if (weight)
			w.kernel[2 - spatial + i] = weight->dim[2 + i];
	}
	if (!weight)
		read_pair(n, "kernel_shape", w.kernel, spatial);
	read_pair(n, "strides", w.stride, spatial);
	read_pair(n, "dilations", w.dilation, spatial);
	read_pads(n, &w, spatial);
	if (ref_is(n, "auto_pad", "NOTSET", "SAME_UPPER"))
		pad_same(&w, false);
	if (ref_is(n, "auto_pad", "NOTSET", "SAME_LOWER"))
		pad_same(&w, true);
	return w;
}

static void count_outputs(struct window *w, bool ceil_mode)
{
	for (int i = 0; i < 2; i++) {
		int64_t last = w->in[i] + w->begin[i] + w->end[i] - reach(w, i);

		assert_true(last >= 0);
		w->out[i] = last / w->stride[i] + 1;
		/* one more, unless it would begin behind the input */
		if (ceil_mode && last % w->stride[i] &&
		    w->out[i] * w->stride[i] < w->in[i] + w->begin[i])
			w->out[i]++;
	}
}

static void shape_output(const struct ref_node *n, const struct window *w,
			 int64_t channels)
{
	int spatial = n->in[0]->rank - 2;
	int64_t dim[REF_MAX_RANK] = { w->batch, channels };

	for (int i = 0; i < spatial; i++)
		dim[2 + i] = w->out[2 - spatial + i];
	ref_shape(n, n->out[0], 2 + spatial, dim);
}

/* ---- Convolution ---- */

static double conv_at(const struct ref_node *n, const struct window *w,
		      int64_t b, int64_t oc, int64_t oy, int64_t ox)
{
	const struct ref_tensor *x = n->in[0], *weight = n->in[1];
	int64_t per_group = weight->dim[1];
	int64_t group = oc / (weight->dim[0] / (w->channels / per_group));
	double sum = n->in_count > 2 && n->in[2] ? n->in[2]->v[oc] : 0;

	for (int64_t c = 0; c < per_group; c++)
		for (int64_t ky = 0; ky < w->kernel[0]; ky++)
			for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
				int64_t y = oy * w->stride[0] - w->begin[0] +
					    ky * w->dilation[0];
				int64_t xx = ox * w->stride[1] - w->begin[1] +
					     kx * w->dilation[1];
				int64_t from =
					b * w->channels + group * per_group + c;
				int64_t tap =
					(oc * per_group + c) * w->kernel[0] +
					ky;

				if (y < 0 || y >= w->in[0] || xx < 0 ||
				    xx >= w->in[1])
					continue;
				sum += x->v[(from * w->in[0] + y) * w->in[1] +
					    xx] *
				       weight->v[tap * w->kernel[1] + kx];
			}
	return sum;
}

void ref_conv(const struct ref_node *n)
{
	struct window w = read_window(n, n->in[1]);
	int64_t channels = n->in[1]->dim[0], i = 0;

	assert_int_equal(n->in[1]->dim[1] * ref_int(n, "group", 1), w.channels);
	count_outputs(&w, false);
	shape_output(n, &w, channels);
	for (int64_t b = 0; b < w.batch; b++)
		for (int64_t c = 0; c < channels; c++)
			for (int64_t y = 0; y < w.out[0]; y++)
				for (int64_t x = 0; x < w.out[1]; x++)
					n->out[0]->v[i++] =
						conv_at(n, &w, b, c, y, x);
}

/* Adds what element `i` of the input gives, channel by channel. */
static void spread(const struct ref_node *n, const struct window *w, int64_t i)
{
	const struct ref_tensor *weight = n->in[1];
	struct ref_tensor *out = n->out[0];
	int64_t groups = ref_int(n, "group", 1), per_group = weight->dim[1];
	int64_t x = i % w->in[1], y = i / w->in[1] % w->in[0];
	int64_t c = i / w->in[1] / w->in[0] % w->channels;
	int64_t b = i / w->in[1] / w->in[0] / w->channels;
	int64_t group = c / (w->channels / groups);

	for (int64_t oc = 0; oc < per_group; oc++)
		for (int64_t ky = 0; ky < w->kernel[0]; ky++)
			for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
				int64_t oy = y * w->stride[0] - w->begin[0] +
					     ky * w->dilation[0];
				int64_t ox = x * w->stride[1] - w->begin[1] +
					     kx * w->dilation[1];
				int64_t to = b * per_group * groups +
					     group * per_group + oc;
				int64_t tap =
					(c * per_group + oc) * w->kernel[0] +
					ky;

				if (oy < 0 || oy >= w->out[0] || ox < 0 ||
				    ox >= w->out[1])
					continue;
				out->v[(to * w->out[0] + oy) * w->out[1] +
				       ox] +=
					n->in[0]->v[i] *
					weight->v[tap * w->kernel[1] + kx];
			}
}

void ref_conv_transpose(const struct ref_node *n)
{
	struct window w = read_window(n, n->in[1]);
	int64_t channels = n->in[1]->dim[1] * ref_int(n, "group", 1);
	int64_t more[2] = { 0, 0 };
	struct ref_tensor *y = n->out[0];

	read_pair(n, "output_padding", more, n->in[0]->rank - 2);
	for (int i = 0; i < 2; i++)
		w.out[i] = w.stride[i] * (w.in[i] - 1) + more[i] +
			   reach(&w, i) - w.begin[i] - w.end[i];
	shape_output(n, &w, channels);
	for (int64_t i = 0; n->in_count > 2 && i < ref_count(y); i++)
		y->v[i] = n->in[2]->v[i / ref_stride(y, 1) % channels];
	for (int64_t i = 0; i < ref_count(n->in[0]); i++)
		spread(n, &w, i);
}

/* ---- Pooling ---- */

struct pooled {
	double max, sum;
	int64_t inside, with_pads; /* taps */
};

static struct pooled pool_at(const struct window *w, const double *plane,
			     int64_t oy, int64_t ox)
{
	struct pooled p = { .max = -INFINITY };

	for (int64_t ky = 0; ky < w->kernel[0]; ky++)
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			int64_t y = oy * w->stride[0] - w->begin[0] +
				    ky * w->dilation[0];
			int64_t x = ox * w->stride[1] - w->begin[1] +
				    kx * w->dilation[1];

			/* ceil_mode has windows that leave the pads */
			p.with_pads += y < w->in[0] + w->end[0] &&
				       x < w->in[1] + w->end[1];
			if (y < 0 || y >= w->in[0] || x < 0 || x >= w->in[1])
				continue;
			p.inside++;
			p.sum += plane[y * w->in[1] + x];
			p.max = fmax(p.max, plane[y * w->in[1] + x]);
		}
	return p;
}

static void pool(const struct ref_node *n, bool average)
{
	struct window w = read_window(n, NULL);
	bool with_pads = ref_int(n, "count_include_pad", 0);
	int64_t plane = w.in[0] * w.in[1];
	double *to;

	count_outputs(&w, ref_int(n, "ceil_mode", 0));
	shape_output(n, &w, w.channels);
	to = n->out[0]->v;
	for (int64_t c = 0; c < w.batch * w.channels; c++)
		for (int64_t y = 0; y < w.out[0]; y++)
			for (int64_t x = 0; x < w.out[1]; x++) {
				struct pooled p = pool_at(
					&w, n->in[0]->v + c * plane, y, x);
				int64_t taps = with_pads ? p.with_pads :
							   p.inside;

				assert_true(taps > 0);
				*to++ = average ? p.sum / (double)taps : p.max;
			}
}

void ref_max_pool(const struct ref_node *n)
{
	pool(n, false);
}

void ref_average_pool(const struct ref_node *n)
{
	pool(n, true);
}
