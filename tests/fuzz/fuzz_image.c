/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of any bytes: JPEG, PNG, WebP or BMP by its first ones. */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

#include "converter/data/image_file.h"
#include "converter/data/image_write.h"
#include "tests/support/fuzz_seed.h"
#include "tests/support/temp_folder.h"

/* jpeglib.h needs stdio.h before it. */
#include <jpeglib.h>

#define WIDTH 13
#define HEIGHT 10

static uint8_t pixels[WIDTH * HEIGHT * 8];

/* ---- First inputs ---- */

static void write_png(const char *name, uint32_t format)
{
	static const uint8_t colors[256 * 4] = { 255, 0, 9, 7, 100, 200, 50 };
	png_image image = { .version = PNG_IMAGE_VERSION,
			    .width = WIDTH,
			    .height = HEIGHT,
			    .format = format,
			    .colormap_entries = 256 };
	uint8_t file[8192];
	png_alloc_size_t bytes = sizeof(file);

	if (!png_image_write_to_memory(&image, file, &bytes, 0, pixels, 0,
				       colors))
		abort();
	fuzz_seed(name, file, bytes);
}

static void write_jpeg(const char *name, int components, J_COLOR_SPACE space,
		       bool progressive)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned char *file = NULL;
	unsigned long bytes = 0;

	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &file, &bytes);
	c.image_width = WIDTH;
	c.image_height = HEIGHT;
	c.input_components = components;
	c.in_color_space = space;
	jpeg_set_defaults(&c);
	if (progressive)
		jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	for (int y = 0; y < HEIGHT; y++) {
		JSAMPROW row = pixels + y * WIDTH * components;

		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	fuzz_seed(name, file, bytes);
	free(file);
}

/* An Exif block with an orientation, behind the first two bytes of a JPEG. */
static void write_exif(int orientation)
{
	static const uint8_t begin[] = { 0xff, 0xe1, 0, 34,  'E', 'x', 'i',
					 'f',  0,    0, 'M', 'M', 0,   42,
					 0,    0,    0, 8,   0,   1,   1,
					 18,   0,    3, 0,   0,   0,   1 };
	const uint8_t end[] = { 0, (uint8_t)orientation, 0, 0, 0, 0, 0, 0 };
	struct temp_folder folder = { "" };
	size_t bytes;
	uint8_t *file, *jpeg;
	char name[32];

	snprintf(folder.path, sizeof(folder.path), "%s", fuzz_seeds());
	jpeg = (uint8_t *)temp_read(&folder, "rgb.jpg", &bytes);
	file = malloc(bytes + sizeof(begin) + sizeof(end));
	if (!jpeg || !file)
		abort();
	memcpy(file, jpeg, 2);
	memcpy(file + 2, begin, sizeof(begin));
	memcpy(file + 2 + sizeof(begin), end, sizeof(end));
	memcpy(file + 2 + sizeof(begin) + sizeof(end), jpeg + 2, bytes - 2);
	snprintf(name, sizeof(name), "exif-%d.jpg", orientation);
	fuzz_seed(name, file, bytes + sizeof(begin) + sizeof(end));
	free(file);
	free(jpeg);
}

static void write_webp(void)
{
	uint8_t *file;
	size_t bytes =
		WebPEncodeRGB(pixels, WIDTH, HEIGHT, WIDTH * 3, 60, &file);

	fuzz_seed("lossy.webp", file, bytes);
	WebPFree(file);
	bytes = WebPEncodeLosslessRGBA(pixels, WIDTH, HEIGHT, WIDTH * 4, &file);
	fuzz_seed("lossless.webp", file, bytes);
	WebPFree(file);
}

static void write_bmp(int bits, bool top_down, int compression)
{
	uint32_t row = (WIDTH * (uint32_t)bits + 31) / 32 * 4;
	uint32_t colors = bits <= 8 ? 1u << bits : 3;
	uint32_t begin = 54 + 4 * colors, words[10] = { 40, WIDTH };
	uint8_t file[8192] = "BM";
	char name[32];

	memcpy(file + 10, &begin, 4);
	words[2] = top_down ? (uint32_t)-HEIGHT : HEIGHT;
	words[3] = 1 | (uint32_t)bits << 16;
	words[4] = (uint32_t)compression;
	memcpy(file + 14, words, sizeof(words));
	for (uint32_t i = 54; i < begin; i++)
		file[i] = (uint8_t)(37 * i);
	if (compression) /* the usual masks */
		memcpy(file + 54, "\0\0\xff\0\0\xff\0\0\xff\0\0", 12);
	memcpy(file + begin, pixels, sizeof(pixels));
	snprintf(name, sizeof(name), "%d-%d-%d.bmp", bits, top_down,
		 compression);
	fuzz_seed(name, file, begin + row * HEIGHT);
}

static void write_seeds(void)
{
	static const uint32_t formats[] = {
		PNG_FORMAT_GRAY,        PNG_FORMAT_GA,
		PNG_FORMAT_RGB,         PNG_FORMAT_RGBA,
		PNG_FORMAT_LINEAR_RGB,  PNG_FORMAT_LINEAR_Y_ALPHA,
		PNG_FORMAT_RGB_COLORMAP
	};
	static const int bits[] = { 1, 4, 8, 24, 32 };
	char name[32];

	for (int i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "%d.png", i);
		write_png(name, formats[i]);
	}
	write_jpeg("rgb.jpg", 3, JCS_RGB, false);
	write_jpeg("gray.jpg", 1, JCS_GRAYSCALE, false);
	write_jpeg("cmyk.jpg", 4, JCS_CMYK, false);
	write_jpeg("progressive.jpg", 3, JCS_RGB, true);
	for (int i = 1; i <= 8; i++)
		write_exif(i);
	write_webp();
	for (int i = 0; i < 5; i++)
		write_bmp(bits[i], i & 1, 0);
	write_bmp(32, true, 3);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(pixels); i++)
		pixels[i] = (uint8_t)(i * i / 7);
	if (fuzz_seeds())
		write_seeds();
	return 0;
}

/* ---- Reading ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *path = fuzz_file("photo", data, bytes);
	unsigned sum = 0;
	struct image img;
	struct diag d;

	diag_init(&d);
	image_check(path, &d);
	diag_free(&d);
	diag_init(&d);
	if (image_read(path, &img, &d)) {
		if (d.errors != 1 || img.pixels)
			abort();
	} else {
		/* every pixel is there */
		for (size_t i = 0; i < 3 * (size_t)img.width * img.height; i++)
			sum += img.pixels[i];
		if (sum == 1)
			d.shown++;
		image_free(&img);
	}
	diag_free(&d);
	return 0;
}
