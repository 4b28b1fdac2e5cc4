/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks a model that is compiled in, and prints its detections in a photo (a
 * binary PPM, named by the emulator's command line) and what it took: one line
 * for each detection with class, score in thousandths and corners in pixels.
 */
#include <dbrt.h>
#include MODEL_HEADER

#include "board.h"

#ifndef PHOTO_BYTES
#define PHOTO_BYTES (3 * 160 * 120 + 32)
#endif
#define MAX_FOUND 8

static unsigned char arena[ARENA_BYTES] __attribute__((aligned(64)));
static unsigned char photo[PHOTO_BYTES];
static struct dbrt_model model;

/* The next number of a PPM header, and *p past the blank behind it. */
static unsigned take_number(const unsigned char **p)
{
	unsigned n = 0;

	while (**p < '0' || **p > '9')
		++*p;
	while (**p >= '0' && **p <= '9')
		n = 10 * n + (unsigned)(*(*p)++ - '0');
	++*p;
	return n;
}

/* The photo to the model's input; an enum dbrt_status. */
static int feed(const char *path)
{
	size_t bytes = board_read_file(path, photo, sizeof(photo) - 1);
	const unsigned char *p = photo + 2;
	unsigned width, height;

	if (bytes < 11 || photo[0] != 'P' || photo[1] != '6')
		return DBRT_ERROR_INPUT;
	width = take_number(&p);
	height = take_number(&p);
	if (take_number(&p) != 255 || width > 4096 || height > 4096 ||
	    3 * width * height > bytes - (size_t)(p - photo))
		return DBRT_ERROR_INPUT;
	return dbrt_set_image(&model, 0, p, width, height, 3 * (size_t)width);
}

static void print(const char *before, long n)
{
	board_print(before);
	board_print_number(n);
}

static void print_detections(void)
{
	static struct dbrt_detection found[MAX_FOUND];
	int n = dbrt_detections(&model, found, MAX_FOUND);

	for (int i = 0; i < n; i++) {
		const struct dbrt_detection *d = &found[i];
		const char *name = dbrt_class_name(&model, d->class_id);

		board_print(name);
		if (!*name)
			print("class ", (long)d->class_id);
		print(" ", (long)(d->score * 1000 + 0.5f));
		print(" ", (long)d->x1);
		print(" ", (long)d->y1);
		print(" ", (long)d->x2);
		print(" ", (long)d->y2);
		board_print("\n");
	}
}

/* An enum dbrt_status. */
static int work(void)
{
	const char *path = board_argument();
	uint32_t start;
	int status = MODEL_OPEN(&model, arena, sizeof(arena));

#ifndef NO_SELFTEST
	if (status == DBRT_OK)
		status = dbrt_selftest(&model);
#endif
	if (status == DBRT_OK && *path)
		status = feed(path);
	if (status != DBRT_OK)
		return status;
	start = board_ticks();
	status = dbrt_run(&model);
	print("ticks ", (long)((board_ticks() - start) & 0xffffff));
	board_print("\n");
	if (status == DBRT_OK && *path)
		print_detections();
	return status;
}

int main(void)
{
	int status = work();

	print("status ", status);
	print(", arena ", (long)sizeof(arena));
	print(", stack ", (long)board_stack_bytes());
	board_print(" bytes\n");
	return status != DBRT_OK;
}
