/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/image_file.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "base/file_read.h"
#include "base/file_write.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

static int check_size(const char *name, uint64_t width, uint64_t height,
		      struct diag *d)
{
	if (width && height && width <= UINT16_MAX && height <= UINT16_MAX &&
	    width * height <= IMAGE_MAX_PIXELS)
		return 0;
	return diag_error(d, "%s: a picture of %llux%llu is not supported",
			  name, (unsigned long long)width,
			  (unsigned long long)height);
}

static int alloc_pixels(const char *name, struct image *img, struct diag *d)
{
	img->pixels = malloc((size_t)img->width * img->height * 3);
	return img->pixels ? 0 : diag_error(d, "%s: out of memory", name);
}

/* ---- JPEG ---- */

struct jpeg_failure {
	struct jpeg_error_mgr base;
	jmp_buf leave;
	char text[JMSG_LENGTH_MAX];
};

static void jpeg_fail(j_common_ptr info)
{
	struct jpeg_failure *f = (struct jpeg_failure *)info->err;

	info->err->format_message(info, f->text);
	longjmp(f->leave, 1);
}

/* Warnings (level -1) mean that data is missing or damaged. */
static void jpeg_message(j_common_ptr info, int level)
{
	if (level < 0)
		jpeg_fail(info);
}

static void set_output(struct jpeg_decompress_struct *info)
{
	info->dct_method = JDCT_ISLOW;
	info->do_fancy_upsampling = TRUE;
	info->do_block_smoothing = FALSE;
	info->out_color_space =
		info->jpeg_color_space == JCS_CMYK ||
				info->jpeg_color_space == JCS_YCCK ?
			JCS_CMYK :
		info->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE :
							  JCS_RGB;
}

/* Converts a decoded row to RGB; Adobe stores CMYK inverted. */
static void row_to_rgb(const struct jpeg_decompress_struct *info,
		       const uint8_t *row, uint8_t *out)
{
	for (uint32_t x = 0; x < info->output_width; x++, out += 3) {
		if (info->output_components == 1) {
			out[0] = out[1] = out[2] = row[x];
		} else if (info->output_components == 3) {
			memcpy(out, row + 3 * (size_t)x, 3);
		} else {
			const uint8_t *p = row + 4 * (size_t)x;

			for (int c = 0; c < 3; c++)
				out[c] = info->saw_Adobe_marker ?
						 (uint8_t)(p[c] * p[3] / 255) :
						 (uint8_t)((255 - p[c]) *
							   (255 - p[3]) / 255);
		}
	}
}

/* Objects that must survive longjmp() live in the caller. */
static int decode_rows(struct jpeg_decompress_struct *info, const char *name,
		       struct image *img, uint8_t **row, struct diag *d)
{
	jpeg_read_header(info, TRUE);
	if (check_size(name, info->image_width, info->image_height, d))
		return -1;
	set_output(info);
	jpeg_start_decompress(info);
	img->width = info->output_width;
	img->height = info->output_height;
	*row = malloc((size_t)info->output_width *
		      (size_t)info->output_components);
	if (alloc_pixels(name, img, d) || !*row)
		return -1;
	while (info->output_scanline < info->output_height) {
		uint8_t *to = img->pixels +
			      (size_t)info->output_scanline * img->width * 3;

		jpeg_read_scanlines(info, row, 1);
		row_to_rgb(info, *row, to);
	}
	jpeg_finish_decompress(info);
	return 0;
}

struct jpeg_work {
	struct jpeg_decompress_struct info;
	struct jpeg_failure failure;
	uint8_t *row;
	int err;
};

static int decode_jpeg(const char *name, const uint8_t *bytes, size_t count,
		       struct image *img, struct diag *d)
{
	struct jpeg_work *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return diag_error(d, "%s: out of memory", name);
	w->info.err = jpeg_std_error(&w->failure.base);
	w->failure.base.error_exit = jpeg_fail;
	w->failure.base.emit_message = jpeg_message;
	w->err = -1;
	if (setjmp(w->failure.leave)) {
		w->err = diag_error(d, "%s: is damaged: %s", name,
				    w->failure.text);
	} else {
		jpeg_create_decompress(&w->info);
		jpeg_mem_src(&w->info, bytes, (unsigned long)count);
		w->err = decode_rows(&w->info, name, img, &w->row, d);
	}
	jpeg_destroy_decompress(&w->info);
	free(w->row);
	err = w->err;
	free(w);
	return err;
}

/* ---- PNG ---- */

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

static int png_rows(struct png_work *w, const char *name, struct image *img,
		    struct diag *d)
{
	if (setjmp(w->damaged))
		return diag_error(d, "%s: is damaged: %s", name, w->message);
	png_set_read_fn(w->png, w, png_take);
	png_read_info(w->png, w->info);
	img->width = png_get_image_width(w->png, w->info);
	img->height = png_get_image_height(w->png, w->info);
	if (check_size(name, img->width, img->height, d) ||
	    alloc_pixels(name, img, d))
		return -1;
	set_transforms(w->png);
	png_read_update_info(w->png, w->info);
	w->rows = malloc(img->height * sizeof(*w->rows));
	if (!w->rows || png_get_rowbytes(w->png, w->info) != 3u * img->width)
		return diag_error(d, "%s: out of memory", name);
	for (uint32_t y = 0; y < img->height; y++)
		w->rows[y] = img->pixels + (size_t)y * 3 * img->width;
	png_read_image(w->png, w->rows);
	png_read_end(w->png, NULL);
	return 0;
}

static int decode_png(const char *name, const uint8_t *bytes, size_t count,
		      struct image *img, struct diag *d)
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
		err = png_rows(w, name, img, d);
	else
		diag_error(d, "%s: out of memory", name);
	png_destroy_read_struct(&w->png, &w->info, NULL);
	free(w->rows);
	free(w);
	return err;
}

int image_write_png(const char *path, const struct image *img, struct diag *d)
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

/* ---- Either ---- */

static int decode(const char *name, const uint8_t *bytes, size_t count,
		  struct image *img, struct diag *d)
{
	int err;

	*img = (struct image){ 0 };
	if (count > 3 && !memcmp(bytes, "\xff\xd8\xff", 3))
		err = decode_jpeg(name, bytes, count, img, d);
	else if (count > 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8))
		err = decode_png(name, bytes, count, img, d);
	else
		err = diag_error(d, "%s: is neither a JPEG nor a PNG", name);
	if (err)
		image_free(img);
	return err;
}

int image_read(const char *path, struct image *img, struct diag *d)
{
	char *former = diag_enter(d, path);
	struct regular_file file;
	int err = regular_file_read(path, FILE_MAX_BYTES, &file, d);

	*img = (struct image){ 0 };
	diag_leave(d, former);
	if (err)
		return -1;
	/* messages of the decoders begin with the photo's path */
	former = diag_enter(d, NULL);
	err = decode(path, file.data, file.size, img, d);
	diag_leave(d, former);
	regular_file_free(&file);
	return err;
}

void image_free(struct image *img)
{
	free(img->pixels);
	*img = (struct image){ 0 };
}
