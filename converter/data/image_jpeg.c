/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "converter/data/image_exif.h"
#include "converter/data/image_formats.h"

#define MARKER_EXIF (JPEG_APP0 + 1)

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

/* Of the first Exif marker; XMP uses the same kind of marker. */
static int find_orientation(const struct jpeg_decompress_struct *info)
{
	for (const struct jpeg_marker_struct *m = info->marker_list; m;
	     m = m->next)
		if (m->marker == MARKER_EXIF && m->data_length > 6 &&
		    !memcmp(m->data, "Exif\0", 5))
			return exif_orientation(m->data, m->data_length);
	return 1;
}

/* Objects that must survive longjmp() live in the caller. */
static int decode_rows(struct jpeg_decompress_struct *info, const char *name,
		       struct image *img, uint8_t **row, int *orientation,
		       struct diag *d)
{
	jpeg_save_markers(info, MARKER_EXIF, UINT16_MAX);
	jpeg_read_header(info, TRUE);
	*orientation = find_orientation(info);
	if (image_check_size(name, info->image_width, info->image_height, d))
		return -1;
	set_output(info);
	jpeg_start_decompress(info);
	img->width = info->output_width;
	img->height = info->output_height;
	*row = malloc((size_t)info->output_width *
		      (size_t)info->output_components);
	if (image_alloc(name, img, d) || !*row)
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

int image_decode_jpeg(const char *name, const uint8_t *bytes, size_t count,
		      struct image *img, int *orientation, struct diag *d)
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
		w->err = decode_rows(&w->info, name, img, &w->row, orientation,
				     d);
	}
	jpeg_destroy_decompress(&w->info);
	free(w->row);
	err = w->err;
	free(w);
	return err;
}
