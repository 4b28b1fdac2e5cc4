/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorbell_scenes FOLDER SEED COUNT [SLICE|slices] draws COUNT pictures of what
 * a doorbell sees, FOLDER/images/NNNNNN.png, and writes the boxes of its
 * people, pets and vehicles to FOLDER/labels.json (COCO), with what is known of
 * each picture and box as attributes. All pictures are of the slice (scene.h),
 * or of each of the slices in turn. The same bytes for a seed everywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_write.h"
#include "converter/data/image_file.h"
#include "converter/data/image_write.h"
#include "testdata/doorbell/scene.h"

struct job {
	const char *folder;
	uint32_t seed, count;
	enum scene_slice slice; /* SCENE_SLICES: each in turn */
	struct canvas canvas;
	struct image image;
	FILE *images, *boxes; /* the two lists of the labels */
	int box_count;
	struct diag diag;
};

static enum scene_slice slice_of(const struct job *j, uint32_t number)
{
	return j->slice == SCENE_SLICES ?
		       (enum scene_slice)(number % SCENE_SLICES) :
		       j->slice;
}

static void list_scene(struct job *j, uint32_t number, const struct scene *s)
{
	fprintf(j->images,
		"%s{\"id\":%u,\"file_name\":\"%06u.png\",\"width\":%d,"
		"\"height\":%d,\"attributes\":{\"slice\":\"%s\","
		"\"night\":%s,\"place\":\"%s\",\"clutter\":%d}}",
		number ? ",\n" : "", number + 1, number, SCENE_WIDTH,
		SCENE_HEIGHT, scene_slice_names[slice_of(j, number)],
		s->night ? "true" : "false", s->place, s->clutter);
	for (int i = 0; i < s->box_count; i++) {
		const struct scene_box *b = &s->boxes[i];
		int w = b->x2 - b->x1, h = b->y2 - b->y1;

		fprintf(j->boxes,
			"%s{\"id\":%d,\"image_id\":%u,\"category_id\":%d,"
			"\"bbox\":[%d,%d,%d,%d],\"area\":%d,\"iscrowd\":0,"
			"\"attributes\":{\"distance\":%.1f,"
			"\"occluded\":%.2f}}",
			j->box_count ? ",\n" : "", j->box_count + 1, number + 1,
			(int)b->class_id + 1, b->x1, b->y1, w, h, w * h,
			(double)b->distance, (double)b->occluded);
		j->box_count++;
	}
}

static int draw_one(struct job *j, uint32_t number)
{
	struct scene scene;
	char path[4096];

	scene_draw(&j->canvas, slice_of(j, number), j->seed, number, &scene,
		   j->image.pixels);
	list_scene(j, number, &scene);
	snprintf(path, sizeof(path), "%s/images/%06u.png", j->folder, number);
	return image_write(path, &j->image, &j->diag);
}

static int write_labels(struct job *j, const char *images, const char *boxes)
{
	char path[4096], *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);
	int rc;

	if (!f)
		return diag_error(&j->diag, "out of memory");
	fprintf(f, "{\"images\":[\n%s],\n\"annotations\":[\n%s],\n", images,
		boxes);
	fprintf(f, "\"categories\":[");
	for (int i = 0; i < SCENE_CLASSES; i++)
		fprintf(f, "%s{\"id\":%d,\"name\":\"%s\"}", i ? "," : "", i + 1,
			scene_class_names[i]);
	fprintf(f, "]}\n");
	fclose(f);
	snprintf(path, sizeof(path), "%s/labels.json", j->folder);
	rc = file_write_atomic(path, text, bytes, &j->diag);
	free(text);
	return rc;
}

static int draw_all(struct job *j)
{
	char *images = NULL, *boxes = NULL;
	size_t image_bytes, box_bytes;
	int rc = 0;

	j->images = open_memstream(&images, &image_bytes);
	j->boxes = open_memstream(&boxes, &box_bytes);
	for (uint32_t i = 0; rc == 0 && i < j->count; i++)
		rc = draw_one(j, i);
	fclose(j->images);
	fclose(j->boxes);
	if (rc == 0)
		rc = write_labels(j, images, boxes);
	free(images);
	free(boxes);
	return rc;
}

static int make_folders(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/images", folder);
	if ((mkdir(folder, 0777) && errno != EEXIST) ||
	    (mkdir(path, 0777) && errno != EEXIST)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* "far", or "slices" for all of them. */
static int read_slice(const char *name, enum scene_slice *slice)
{
	for (int i = 0; i < SCENE_SLICES; i++)
		if (!strcmp(name, scene_slice_names[i])) {
			*slice = (enum scene_slice)i;
			return 0;
		}
	*slice = SCENE_SLICES;
	return strcmp(name, "slices") ? -1 : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: doorbell_scenes FOLDER SEED COUNT [SLICE]\n"
			"SLICE: slices for each in turn, or one of");
	for (int i = 0; i < SCENE_SLICES; i++)
		fprintf(stderr, " %s", scene_slice_names[i]);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct job j = { 0 };
	int rc;

	if (argc < 4 || argc > 5 ||
	    (argc == 5 && read_slice(argv[4], &j.slice)))
		return usage();
	j.folder = argv[1];
	j.seed = (uint32_t)strtoul(argv[2], NULL, 10);
	j.count = (uint32_t)strtoul(argv[3], NULL, 10);
	j.image =
		(struct image){ malloc((size_t)3 * SCENE_WIDTH * SCENE_HEIGHT),
				SCENE_WIDTH, SCENE_HEIGHT };
	if (!j.image.pixels ||
	    !canvas_new(&j.canvas, SCENE_WIDTH, SCENE_HEIGHT)) {
		fprintf(stderr, "doorbell_scenes: out of memory\n");
		return 1;
	}
	if (make_folders(j.folder))
		return 1;
	diag_init(&j.diag);
	rc = draw_all(&j);
	for (size_t i = 0; i < j.diag.count; i++)
		fprintf(stderr, "%s\n", j.diag.entries[i].text);
	diag_free(&j.diag);
	canvas_free(&j.canvas);
	image_free(&j.image);
	return rc ? 1 : 0;
}
