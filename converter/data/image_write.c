/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/image_write.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jpeglib.h>
#include <png.h>

#include "base/file_write.h"

#define JPEG_QUALITY 92

static int write_png(const char *path, const struct image *img, struct diag *d)
{
	png_image png = { .version = PNG_IMAGE_VERSION,
			  .width = img->width,
			  .height = img->height,
			  .format = PNG_FORMAT_RGB };
	png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
	void *out = malloc(bytes);
	int err;

	if (!out)
		return diag_error(d, "%s: out of memory", path);
	if (png_image_write_to_memory(&png, out, &bytes, 0, img->pixels, 0,
				      NULL))
		err = file_write_atomic(path, out, bytes, d);
	else
		err = diag_error(d, "%s: %s", path, png.message);
	free(out);
	return err;
}

struct jpeg_target {
	struct jpeg_compress_struct info;
	struct jpeg_error_mgr errors;
	jmp_buf leave;
	char text[JMSG_LENGTH_MAX];
	unsigned char *bytes;
	unsigned long count;
};

static void jpeg_fail(j_common_ptr info)
{
	struct jpeg_target *t = info->client_data;

	info->err->format_message(info, t->text);
	longjmp(t->leave, 1);
}

static int encode_jpeg(struct jpeg_target *t, const struct image *img)
{
	if (setjmp(t->leave))
		return -1;
	jpeg_create_compress(&t->info);
	jpeg_mem_dest(&t->info, &t->bytes, &t->count);
	t->info.image_width = img->width;
	t->info.image_height = img->height;
	t->info.input_components = 3;
	t->info.in_color_space = JCS_RGB;
	jpeg_set_defaults(&t->info);
	jpeg_set_quality(&t->info, JPEG_QUALITY, TRUE);
	jpeg_start_compress(&t->info, TRUE);
	while (t->info.next_scanline < img->height) {
		JSAMPROW row = img->pixels +
			       (size_t)t->info.next_scanline * 3 * img->width;

		jpeg_write_scanlines(&t->info, &row, 1);
	}
	jpeg_finish_compress(&t->info);
	return 0;
}

static int write_jpeg(const char *path, const struct image *img, struct diag *d)
{
	struct jpeg_target *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return diag_error(d, "%s: out of memory", path);
	t->info.err = jpeg_std_error(&t->errors);
	t->errors.error_exit = jpeg_fail;
	t->info.client_data = t;
	if (encode_jpeg(t, img))
		err = diag_error(d, "%s: %s", path, t->text);
	else
		err = file_write_atomic(path, t->bytes, t->count, d);
	jpeg_destroy_compress(&t->info);
	free(t->bytes);
	free(t);
	return err;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcasecmp(s + n - m, suffix) == 0;
}

static bool is_jpeg_name(const char *path)
{
	return ends_with(path, ".jpg") || ends_with(path, ".jpeg");
}

bool image_write_name(const char *path)
{
	return is_jpeg_name(path) || ends_with(path, ".png");
}

int image_write(const char *path, const struct image *img, struct diag *d)
{
	return is_jpeg_name(path) ? write_jpeg(path, img, d) :
				    write_png(path, img, d);
}
