/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cli/head_text.h"
#include "converter/heads/head_yaml_build.h"
#include "converter/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 6

int head_of_packed(const struct packed_file *f, struct arena *a,
		   struct head *out, struct diag *d)
{
	uint32_t count;

	*out = (struct head){ 0 };
	if (!f->head)
		return 0;
	count = head_classes(f->head);
	out->bytes = packed_file_section(f, DBP_SECTION_HEAD)->bytes;
	out->data = arena_alloc(a, out->bytes);
	out->names = arena_array(a, count + 1u, sizeof(*out->names));
	if (!out->data || !out->names)
		return diag_error(d, "out of memory");
	memcpy(out->data, f->head, out->bytes);
	for (uint32_t i = 0; i < count; i++)
		out->names[i] = dbrt_class_name(&f->model, i);
	return 0;
}

static uint32_t candidates(const struct head *h)
{
	const struct dbp_head_level *l = head_levels(h->data);
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->data->level_count; i++)
		n += l[i].columns * l[i].rows * l[i].anchors;
	return n;
}

static void print_names(const struct head *h)
{
	uint32_t count = head_classes(h->data);

	printf("%u class%s", count, count == 1 ? "" : "es");
	for (uint32_t i = 0; i < count && i < NAMES_SHOWN; i++)
		if (*head_class_name(h, i))
			printf("%s%s", i ? ", " : " (",
			       TEXT_PRINTABLE(head_class_name(h, i)));
	if (*head_class_name(h, 0))
		fputs(count > NAMES_SHOWN ? ", ...)" : ")", stdout);
}

void head_print(const struct head *h)
{
	if (!h->data) {
		printf("head: not known%s%s\n", h->why ? ": " : "",
		       h->why ? TEXT_PRINTABLE(h->why) : "");
		return;
	}
	if (h->data->kind == DBP_HEAD_CLASSIFIER) {
		fputs("head: classifier, ", stdout);
		print_names(h);
		putchar('\n');
		return;
	}
	printf("head: detector (%s), ",
	       h->kind ? h->kind : head_box_forms[h->data->box_form]);
	print_names(h);
	if (h->data->point_count)
		printf(", %u key points", h->data->point_count);
	printf(", %u candidates, score %.2f, NMS %.2f\n", candidates(h),
	       (double)h->data->score_threshold, (double)h->data->nms_iou);
}

json_t *head_json(const struct head *h)
{
	json_t *names;

	if (!h->data)
		return json_null();
	names = json_array();
	for (uint32_t i = 0; i < head_classes(h->data); i++) {
		json_array_append_new(names, json_text(head_class_name(h, i)));
	}
	if (h->data->kind == DBP_HEAD_CLASSIFIER)
		return json_pack("{s:s,s:o}", "kind", "classifier", "classes",
				 names);
	return json_pack("{s:s,s:s,s:o,s:i,s:I,s:f,s:f}", "kind", "detector",
			 "boxes", head_box_forms[h->data->box_form], "classes",
			 names, "points", h->data->point_count, "candidates",
			 (json_int_t)candidates(h), "threshold",
			 (double)h->data->score_threshold, "nms",
			 (double)h->data->nms_iou);
}
