/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"
#include "base/text.h"
#include "converter/heads/head_family.h"

#define MAX_FILE (1 << 20)

static const char *const coco[] = {
	"person",        "bicycle",      "car",
	"motorcycle",    "airplane",     "bus",
	"train",         "truck",        "boat",
	"traffic light", "fire hydrant", "stop sign",
	"parking meter", "bench",        "bird",
	"cat",           "dog",          "horse",
	"sheep",         "cow",          "elephant",
	"bear",          "zebra",        "giraffe",
	"backpack",      "umbrella",     "handbag",
	"tie",           "suitcase",     "frisbee",
	"skis",          "snowboard",    "sports ball",
	"kite",          "baseball bat", "baseball glove",
	"skateboard",    "surfboard",    "tennis racket",
	"bottle",        "wine glass",   "cup",
	"fork",          "knife",        "spoon",
	"bowl",          "banana",       "apple",
	"sandwich",      "orange",       "broccoli",
	"carrot",        "hot dog",      "pizza",
	"donut",         "cake",         "chair",
	"couch",         "potted plant", "bed",
	"dining table",  "toilet",       "tv",
	"laptop",        "mouse",        "remote",
	"keyboard",      "cell phone",   "microwave",
	"oven",          "toaster",      "sink",
	"refrigerator",  "book",         "clock",
	"vase",          "scissors",     "teddy bear",
	"hair drier",    "toothbrush",
};
#define COCO_CLASSES ((uint32_t)(sizeof(coco) / sizeof(*coco)))

/* Splits `text`, which is changed, at any of the characters of `between`; trims
 * blanks. Returns the number of names, of which `most` are stored. */
static uint32_t split(char *text, const char *between, const char **names,
		      uint32_t most)
{
	uint32_t n = 0;
	char *rest;

	for (char *word = strtok_r(text, between, &rest); word;
	     word = strtok_r(NULL, between, &rest)) {
		size_t end;

		word += strspn(word, " \t");
		end = strlen(word);
		while (end && strchr(" \t\r", word[end - 1]))
			word[--end] = 0;
		if (end && n < most)
			names[n] = word;
		n += end > 0;
	}
	return n;
}

/* The text of a file with one name a line, or else of the list itself. */
static char *given_text(const char *classes, struct arena *a,
			const char **between, struct diag *d)
{
	struct regular_file f;
	char *text, *former;
	size_t mark;
	int err;

	*between = ",";
	if (strchr(classes, ',') || !strchr(classes, '.'))
		return arena_strdup(a, classes);
	*between = "\n";
	former = diag_enter(d, classes);
	err = regular_file_read(classes, MAX_FILE, &f, d);
	diag_leave(d, former);
	if (err)
		return NULL;
	mark = text_bom(f.data, f.size);
	text = arena_strndup(a, (const char *)f.data + mark, f.size - mark);
	regular_file_free(&f);
	return text;
}

int64_t head_count_names(const char *classes, struct arena *a, struct diag *d)
{
	const char *between;
	char *text = given_text(classes, a, &between, d);

	return text ? (int64_t)split(text, between, NULL, 0) : -1;
}

static int given_names(const char *classes, struct arena *a, struct head *h,
		       struct diag *d)
{
	uint32_t count = head_classes(h->data), n;
	const char *between;
	char *text = given_text(classes, a, &between, d);

	if (!text)
		return -1;
	n = split(text, between, h->names, count);
	if (n == count)
		return 0;
	return diag_error(d,
			  "--classes gives %u names, the model has %u "
			  "classes",
			  n, count);
}

/* {0: 'person', 1: "bicycle", ...}, as Ultralytics writes it. */
static bool metadata_names(const char *text, struct arena *a, struct head *h)
{
	uint32_t count = head_classes(h->data), found = 0;
	const char *p = text;

	while (p && *p) {
		char *end;
		unsigned long id =
			strtoul(p += strcspn(p, "0123456789"), &end, 10);
		char quote;
		const char *stop;

		if (end == p)
			break;
		end += strspn(end, " :");
		quote = *end;
		if (quote != '\'' && quote != '"')
			break;
		stop = strchr(end + 1, quote);
		if (!stop || id >= count || h->names[id])
			return false;
		h->names[id] =
			arena_strndup(a, end + 1, (size_t)(stop - end - 1));
		found += h->names[id] != NULL;
		p = stop + 1;
	}
	return found == count;
}

/* ['person', "bicycle", ...] */
static bool metadata_list(const char *text, struct arena *a, struct head *h)
{
	uint32_t count = head_classes(h->data), found = 0;
	const char *p = text ? text + strcspn(text, "'\"") : NULL;

	while (p && *p && found < count) {
		const char *stop = strchr(p + 1, *p);

		if (!stop)
			return false;
		h->names[found] =
			arena_strndup(a, p + 1, (size_t)(stop - p - 1));
		found += h->names[found] != NULL;
		p = stop + 1 + strcspn(stop + 1, "'\"");
	}
	return found && found == count && !*p;
}

/* person traffic_light ..., as OpenVINO's exporters write it. */
static bool metadata_words(const char *text, struct arena *a, struct head *h)
{
	uint32_t count = head_classes(h->data);
	char *copy = text ? arena_strdup(a, text) : NULL;

	return copy && split(copy, " ", h->names, count) == count;
}

/* What has so many key points, where the family says only `usual` (NULL:
 * nothing). */
static const char *name_by_points(uint32_t points, const char *usual)
{
	if (points == 4 && usual && !strcmp(usual, "face"))
		return "plate"; /* its corners */
	if (points == 5 && !usual)
		return "face"; /* eyes, nose, corners of the mouth */
	if (points == 17 && !usual)
		return "person"; /* COCO's */
	return usual;
}

/* The names of the data set that such models are usually trained on. */
static void set_usual_names(struct head *h, uint32_t count)
{
	const struct head_family *f = h->family;

	memset(h->names, 0, count * sizeof(*h->names));
	if (f && count && f->class_count == count)
		memcpy(h->names, f->class_names, count * sizeof(*h->names));
	if (count == 1)
		h->names[0] = name_by_points(h->data->point_count, h->names[0]);
	else if (h->data->kind == DBP_HEAD_DETECTOR && count == COCO_CLASSES)
		memcpy(h->names, coco, sizeof(coco));
}

int head_set_names(const struct graph *g, const char *classes, struct arena *a,
		   struct head *h, struct diag *d)
{
	uint32_t count = head_classes(h->data);

	if (h->names && !classes)
		return 0;
	h->names = arena_array(a, count + 1u, sizeof(*h->names));
	if (!h->names)
		return diag_error(d, "out of memory");
	if (classes)
		return given_names(classes, a, h, d);
	if (metadata_names(graph_metadata(g, "names"), a, h) ||
	    metadata_list(graph_metadata(g, "names"), a, h) ||
	    metadata_words(graph_metadata(g, "model_info labels"), a, h))
		return 0;
	set_usual_names(h, count);
	return 0;
}
