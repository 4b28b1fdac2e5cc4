/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "converter/data/image_exif.h"
#include "converter/data/image_formats.h"

struct png_work {
	png_structp png;
	png_infop info;
	const uint8_t *bytes;
	size_t count, at;
	png_bytep *rows;
	char message[200];
	jmp_buf damaged;
};

static void png_fail(png_structp png, png_const_charp message)
{
	struct png_work *w = png_get_error_ptr(png);

	snprintf(w->message, sizeof(w->message), "%s", message);
	longjmp(w->damaged, 1);
}

static void png_ignore(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static void png_take(png_structp png, png_bytep to, png_size_t count)
{
	struct png_work *w = png_get_io_ptr(png);

	if (count > w->count - w->at)
		png_error(png, "cut short");
	memcpy(to, w->bytes + w->at, count);
	w->at += count;
}

/* As training code reads PNG: the high byte of 16 bits, no gamma, no alpha. */
static void set_transforms(png_structp png)
{
	png_set_expand(png);
	png_set_strip_16(png);
	png_set_gray_to_rgb(png);
	png_set_strip_alpha(png);
	png_set_interlace_handling(png);
}

/* Exif data may stand before or after the pixels. */
static int find_orientation(struct png_work *w)
{
	png_bytep exif = NULL;
	png_uint_32 count = 0;

	png_get_eXIf_1(w->png, w->info, &count, &exif);
	return exif ? exif_orientation(exif, count) : 1;
}

static int png_rows(struct png_work *w, const char *name, struct image *img,
		    int *orientation, struct diag *d)
{
	if (setjmp(w->damaged))
		return diag_error(d, "%s: is damaged: %s", name, w->message);
	png_set_read_fn(w->png, w, png_take);
	png_read_info(w->png, w->info);
	img->width = png_get_image_width(w->png, w->info);
	img->height = png_get_image_height(w->png, w->info);
	if (image_check_size(name, img->width, img->height, d) ||
	    image_alloc(name, img, d))
		return -1;
	set_transforms(w->png);
	png_read_update_info(w->png, w->info);
	w->rows = malloc(img->height * sizeof(*w->rows));
	if (!w->rows || png_get_rowbytes(w->png, w->info) != 3u * img->width)
		return diag_error(d, "%s: out of memory", name);
	for (uint32_t y = 0; y < img->height; y++)
		w->rows[y] = img->pixels + (size_t)y * 3 * img->width;
	png_read_image(w->png, w->rows);
	png_read_end(w->png, w->info);
	*orientation = find_orientation(w);
	return 0;
}

int image_decode_png(const char *name, const uint8_t *bytes, size_t count,
		     struct image *img, int *orientation, struct diag *d)
{
	struct png_work *w = calloc(1, sizeof(*w));
	int err = -1;

	if (!w)
		return diag_error(d, "%s: out of memory", name);
	w->bytes = bytes;
	w->count = count;
	w->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, w, png_fail,
					png_ignore);
	w->info = w->png ? png_create_info_struct(w->png) : NULL;
	if (w->info)
		err = png_rows(w, name, img, orientation, d);
	else
		diag_error(d, "%s: out of memory", name);
	png_destroy_read_struct(&w->png, &w->info, NULL);
	free(w->rows);
	free(w);
	return err;
}
