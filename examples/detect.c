/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the detections of a packed model in a photo, one for each line:
 * class, score, and the corners x1 y1 x2 y2 in pixels. The model is compiled
 * in and nothing is allocated. For a model of another name than `model`:
 *
 *	dbconvert face.onnx --calib photos
 *	cc -O2 -DMODEL_HEADER='"face.h"' -DMODEL=face_dbp \
 *	   -DMODEL_ARENA=FACE_ARENA_BYTES detect.c -ldbrt -o detect
 *	./detect photo.ppm
 */
#ifndef MODEL_HEADER
#define MODEL_HEADER "model.h"
#define MODEL model_dbp
#define MODEL_ARENA MODEL_ARENA_BYTES
#endif

#include <ctype.h>
#include <stdio.h>

#include <dbrt.h>
#include MODEL_HEADER

#define MAX_SIDE 4096
#define MAX_FOUND 100

static _Alignas(64) unsigned char arena[MODEL_ARENA];
static unsigned char photo[3 * MAX_SIDE * MAX_SIDE];

/* The next number of a PPM header, and the character behind it. */
static unsigned read_number(FILE *file)
{
	int c = fgetc(file), comment = 0;
	unsigned n = 0;

	for (; c != EOF && (comment || isspace(c) || c == '#'); c = fgetc(file))
		comment = c == '#' || (comment && c != '\n');
	for (; isdigit(c) && n <= MAX_SIDE; c = fgetc(file))
		n = 10 * n + (unsigned)(c - '0');
	return n;
}

/* Reads a binary PPM of 8 bits into `photo`; 0 if it is none, or too large. */
static int read_photo(const char *path, unsigned *width, unsigned *height)
{
	FILE *file = fopen(path, "rb");
	size_t bytes = 0;

	if (!file)
		return 0;
	if (fgetc(file) == 'P' && fgetc(file) == '6') {
		*width = read_number(file);
		*height = read_number(file);
		if (read_number(file) == 255 && *width <= MAX_SIDE &&
		    *height <= MAX_SIDE)
			bytes = (size_t)3 * *width * *height;
	}
	if (fread(photo, 1, bytes, file) != bytes)
		bytes = 0;
	fclose(file);
	return bytes != 0;
}

static void print(const char *name, const struct dbrt_detection *d)
{
	if (*name)
		printf("%s", name);
	else
		printf("%u", (unsigned)d->class_id);
	printf(" %.3f %.1f %.1f %.1f %.1f\n", (double)d->score, (double)d->x1,
	       (double)d->y1, (double)d->x2, (double)d->y2);
}

/* Prints the detections; returns an enum dbrt_status. */
static int detect(const char *path)
{
	static struct dbrt_detection found[MAX_FOUND];
	static struct dbrt_model model;
	unsigned width, height;
	int status, count;

	status = dbrt_load(&model, MODEL, sizeof(MODEL), arena, sizeof(arena));
	if (status != DBRT_OK)
		return status;
	if (!read_photo(path, &width, &height))
		return DBRT_ERROR_INPUT;
	status = dbrt_set_image(&model, 0, photo, width, height,
				3 * (size_t)width);
	if (status == DBRT_OK)
		status = dbrt_run(&model);
	if (status != DBRT_OK)
		return status;
	count = dbrt_detections(&model, found, MAX_FOUND);
	for (int i = 0; i < count; i++)
		print(dbrt_class_name(&model, found[i].class_id), &found[i]);
	return count < 0 ? count : DBRT_OK;
}

int main(int argc, char **argv)
{
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PHOTO.ppm\n", argv[0]);
		return 2;
	}
	status = detect(argv[1]);
	if (status != DBRT_OK)
		fprintf(stderr, "%s: %s\n", argv[1], dbrt_status_text(status));
	return status != DBRT_OK;
}
