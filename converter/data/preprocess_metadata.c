/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/preprocess_metadata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One number or three, with blanks or commas between; each is finite. */
static bool read_numbers(const char *text, double out[3])
{
	int n = 0;

	for (; text && n < 3; n++) {
		char *end;

		text += strspn(text, " ,[]");
		out[n] = strtod(text, &end);
		if (end == text || !isfinite(out[n]))
			break;
		text = end;
	}
	if (n == 1)
		out[1] = out[2] = out[0];
	return n == 1 || n == 3;
}

static void set_range(struct usual_preprocess *u, double mean, double std)
{
	for (int i = 0; i < 3; i++) {
		u->mean[i] = mean;
		u->std[i] = std;
	}
}

/* ---- ONNX, docs/MetadataProps.md: values in any case ---- */

static bool read_format(const char *text, struct usual_preprocess *u)
{
	if (!text ||
	    (strncasecmp(text, "rgb", 3) && strncasecmp(text, "bgr", 3)))
		return false;
	u->color = strncasecmp(text, "bgr", 3) ? COLOR_RGB : COLOR_BGR;
	return true;
}

static bool read_range(const char *text, struct usual_preprocess *u)
{
	static const struct {
		const char *name;
		double mean, std;
	} ranges[] = {
		{ "NominalRange_0_255", 0, 1 },
		{ "Normalized_0_1", 0, 255 },
		{ "Normalized_1_1", 127.5, 127.5 },
	};

	for (int i = 0; text && i < 3; i++)
		if (!strcasecmp(text, ranges[i].name)) {
			set_range(u, ranges[i].mean, ranges[i].std);
			return true;
		}
	return false;
}

/* ---- OpenVINO model_api: photos are BGR, `reverse_input_channels` makes RGB
 * of them ---- */

static bool read_reverse(const char *text, struct usual_preprocess *u)
{
	if (!text || (strcasecmp(text, "true") && strcasecmp(text, "false")))
		return false;
	u->color = strcasecmp(text, "true") ? COLOR_BGR : COLOR_RGB;
	return true;
}

static bool read_mean(const char *text, struct usual_preprocess *u)
{
	double v[3];

	if (!read_numbers(text, v))
		return false;
	memcpy(u->mean, v, sizeof(v));
	return true;
}

static bool read_scale(const char *text, struct usual_preprocess *u)
{
	double v[3];

	if (!read_numbers(text, v) || v[0] <= 0 || v[1] <= 0 || v[2] <= 0)
		return false;
	memcpy(u->std, v, sizeof(v));
	return true;
}

static bool read_resize(const char *text, struct usual_preprocess *u)
{
	static const char *const names[] = {
		[RESIZE_STRETCH] = "standard",
		[RESIZE_LETTERBOX] = "fit_to_window_letterbox",
		[RESIZE_LETTERBOX_TOPLEFT] = "fit_to_window",
	};

	for (int i = 0; text && i < 3; i++)
		if (!strcasecmp(text, names[i])) {
			u->resize = (enum resize_rule)i;
			return true;
		}
	return false;
}

static bool read_pad(const char *text, struct usual_preprocess *u)
{
	double v[3];

	if (!read_numbers(text, v) || v[0] < 0 || v[0] > 255)
		return false;
	u->pad_value = (int)v[0];
	return true;
}

bool preprocess_metadata(const struct graph *g, struct usual_preprocess *u)
{
	static const struct {
		const char *key;
		bool (*read)(const char *, struct usual_preprocess *);
	} keys[] = {
		{ "Image.BitmapPixelFormat", read_format },
		{ "Image.NominalPixelRange", read_range },
		{ "model_info reverse_input_channels", read_reverse },
		{ "model_info mean_values", read_mean },
		{ "model_info scale_values", read_scale },
		{ "model_info resize_type", read_resize },
		{ "model_info pad_value", read_pad },
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		any |= keys[i].read(graph_metadata(g, keys[i].key), u);
	return any;
}
