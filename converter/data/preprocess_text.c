/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "converter/data/preprocess.h"

const char *preprocess_color_name(enum color_order c)
{
	static const char *const names[] = { "rgb", "bgr", "gray" };

	return names[c];
}

const char *preprocess_resize_name(enum resize_rule r)
{
	static const char *const names[] = { "stretch", "letterbox",
					     "letterbox-topleft" };

	return names[r];
}

const char *preprocess_source_name(enum preprocess_source s)
{
	static const char *const names[] = { "assumed",  "given", "family",
					     "metadata", "found", "graph" };

	return names[s];
}

/* One number where all three are equal. */
static void print_numbers(const double v[3], bool inverse, char out[80])
{
	size_t used = 0;
	int count = v[0] == v[1] && v[0] == v[2] ? 1 : 3;

	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(
			out + used, 80 - used, "%s%s%.9g", i ? "," : "",
			inverse && v[i] != 1 ? "1/" : "", v[i]);
}

const char *preprocess_options(const struct usual_preprocess *u,
			       char out[PREPROCESS_TEXT])
{
	char mean[80], scale[80], pad[32] = "";

	print_numbers(u->mean, false, mean);
	print_numbers(u->std, true, scale);
	if (u->resize != RESIZE_STRETCH)
		snprintf(pad, sizeof(pad), " --pad-value %d", u->pad_value);
	snprintf(out, PREPROCESS_TEXT,
		 "--color %s --mean %s --scale %s --resize %s%s",
		 preprocess_color_name(u->color), mean, scale,
		 preprocess_resize_name(u->resize), pad);
	return out;
}

static void warn_usual(const struct usual_preprocess *usual, const char *family,
		       struct diag *d)
{
	struct usual_preprocess other = *usual;
	char text[PREPROCESS_TEXT];

	diag_alert(d,
		   "no preprocessing is given: the usual one of %s is taken: "
		   "%s",
		   family, preprocess_options(usual, text));
	if (!usual->either_color)
		return;
	other.color = usual->color == COLOR_BGR ? COLOR_RGB : COLOR_BGR;
	diag_hint(d,
		  "weights of %s are trained with both orders of colors: "
		  "measure on labelled photos (eval) which one it is; the "
		  "other one is %s",
		  family, preprocess_options(&other, text));
}

void preprocess_warn(const struct preprocess *p, const char *family,
		     const struct usual_preprocess *usual, struct diag *d)
{
	char text[PREPROCESS_TEXT];

	if (!p->is_image)
		return;
	if (p->source == PREPROCESS_ASSUMED)
		diag_alert(d, "--mean, --scale and --color are not given: the "
			      "input is assumed to be RGB divided by 255");
	if (p->source == PREPROCESS_METADATA)
		diag_note(d,
			  "the preprocessing is that of the metadata of the "
			  "model: %s",
			  preprocess_options(&p->usual, text));
	if (p->source == PREPROCESS_FAMILY && usual)
		warn_usual(usual, family ? family : "the head", d);
	if (p->source == PREPROCESS_GRAPH)
		diag_alert(d,
			   "no preprocessing is given: the model normalises "
			   "its photos itself, what it leaves is taken: %s",
			   preprocess_options(&p->usual, text));
}
