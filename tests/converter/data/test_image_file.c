/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of photos, and their Exif orientation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <webp/encode.h>
#include <zlib.h>

#include "converter/data/image_file.h"
#include "converter/data/image_write.h"
#include "tests/support/temp_folder.h"

#define CELL 16 /* pixels: whole blocks of a JPEG */

/* Six gray cells: "ABC/DEF" is two rows of three. */
static struct image draw(const char *cells)
{
	uint32_t columns = (uint32_t)strcspn(cells, "/");
	uint32_t rows = ((uint32_t)strlen(cells) + 1) / (columns + 1);
	struct image img = { NULL, columns * CELL, rows * CELL };

	img.pixels = malloc((size_t)img.width * img.height * 3);
	assert_non_null(img.pixels);
	for (uint32_t y = 0; y < img.height; y++)
		for (uint32_t x = 0; x < img.width; x++)
			memset(img.pixels + 3 * ((size_t)y * img.width + x),
			       20 + 40 * (cells[y / CELL * (columns + 1) +
						x / CELL] -
					  'A'),
			       3);
	return img;
}

static void expect_cells(const struct image *img, const char *cells)
{
	struct image want = draw(cells);

	assert_int_equal(img->width, want.width);
	assert_int_equal(img->height, want.height);
	for (size_t i = 0; i < (size_t)img->width * img->height * 3; i++)
		if (abs(img->pixels[i] - want.pixels[i]) > 4)
			fail_msg("byte %zu is %d, not %d", i, img->pixels[i],
				 want.pixels[i]);
	image_free(&want);
}

/* A TIFF header and a directory of two entries, the second the orientation. */
static size_t put_exif(uint8_t *out, int orientation, bool big)
{
	static const uint8_t little_end[] = {
		'E', 'x', 'i', 'f', 0,   0,    'I',  'I', 42, 0, 8,
		0,   0,   0,   2,   0,   0x0f, 1,    2,   0,  4, 0,
		0,   0,   'a', 'b', 'c', 0,    0x12, 1,   3,  0, 1,
		0,   0,   0,   0,   0,   0,    0,    0,   0,  0, 0,
	};
	static const uint8_t big_end[] = {
		'E', 'x', 'i', 'f', 0,   0, 'M',  'M',  0, 42, 0,
		0,   0,   8,   0,   2,   1, 0x0f, 0,    2, 0,  0,
		0,   4,   'a', 'b', 'c', 0, 1,    0x12, 0, 3,  0,
		0,   0,   1,   0,   0,   0, 0,    0,    0, 0,  0,
	};

	memcpy(out, big ? big_end : little_end, sizeof(big_end));
	out[36 + 0 + (big ? 1 : 0)] = (uint8_t)orientation;
	return sizeof(big_end);
}

static int read_bytes(struct temp_folder *f, const void *bytes, size_t count,
		      struct image *img, struct diag *d)
{
	char path[TEMP_PATH_MAX];

	temp_write(f, "photo", bytes, count);
	return image_read(temp_path(f, "photo", path), img, d);
}

static uint8_t *encode(struct temp_folder *f, const char *cells,
		       const char *name, size_t *count)
{
	struct image img = draw(cells);
	char path[TEMP_PATH_MAX];
	struct diag d;

	diag_init(&d);
	assert_int_equal(image_write(temp_path(f, name, path), &img, &d), 0);
	diag_free(&d);
	image_free(&img);
	return (uint8_t *)temp_read(f, name, count);
}

/* What is stored for "ABC/DEF", by the rows and columns that Exif names: 6 is
 * "the 0th row is the right side, the 0th column the top". */
static const char *const stored[9] = {
	NULL,       "ABC/DEF",  "CBA/FED",  "FED/CBA",  "DEF/ABC",
	"AD/BE/CF", "CF/BE/AD", "FC/EB/DA", "DA/EB/FC",
};

static void test_jpeg_orientations(void **state)
{
	struct temp_folder f;
	(void)state;

	temp_folder_make(&f);
	for (int i = 0; i < 16; i++) {
		int orientation = i / 2 + 1;
		size_t count, exif;
		uint8_t *jpeg =
			encode(&f, stored[orientation], "a.jpg", &count);
		uint8_t *with = malloc(count + 64);
		struct image img;
		struct diag d;

		diag_init(&d);
		memcpy(with, jpeg, 2);
		memcpy(with + 2, "\xff\xe1\0", 4);
		exif = put_exif(with + 6, orientation, i % 2);
		with[5] = (uint8_t)(exif + 2);
		memcpy(with + 6 + exif, jpeg + 2, count - 2);
		assert_int_equal(
			read_bytes(&f, with, count + 4 + exif, &img, &d), 0);
		expect_cells(&img, "ABC/DEF");
		image_free(&img);
		diag_free(&d);
		free(jpeg);
		free(with);
	}
	temp_folder_remove(&f);
}

static void put_be32(uint8_t *p, size_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void test_png_orientation(void **state)
{
	struct temp_folder f;
	uint8_t *png, *with, exif[64];
	size_t count, n = put_exif(exif, 6, true) - 6;
	struct image img;
	struct diag d;
	(void)state;

	temp_folder_make(&f);
	diag_init(&d);
	png = encode(&f, stored[6], "a.png", &count);
	with = malloc(count + 64);
	memcpy(with, png, 33); /* signature and IHDR */
	put_be32(with + 33, n);
	memcpy(with + 37, "eXIf", 4);
	memcpy(with + 41, exif + 6, n);
	put_be32(with + 41 + n, crc32(0, with + 37, (uInt)n + 4));
	memcpy(with + 45 + n, png + 33, count - 33);
	assert_int_equal(read_bytes(&f, with, count + 12 + n, &img, &d), 0);
	expect_cells(&img, "ABC/DEF");
	image_free(&img);
	free(png);
	free(with);
	diag_free(&d);
	temp_folder_remove(&f);
}

/* A chunk VP8X, that of the picture, and EXIF, as cameras write them. */
static size_t put_webp(uint8_t *out, const char *cells, int orientation)
{
	struct image img = draw(cells);
	uint8_t *plain, *p = out;
	size_t n, exif;

	n = WebPEncodeLosslessRGB(img.pixels, (int)img.width, (int)img.height,
				  3 * (int)img.width, &plain);
	assert_true(n > 20);
	memcpy(p, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0", 24);
	p[24] = (uint8_t)(img.width - 1);
	p[27] = (uint8_t)(img.height - 1);
	p[25] = p[26] = p[28] = p[29] = 0;
	memcpy(p + 30, plain + 12, n - 12);
	p += 30 + n - 12;
	memcpy(p, "EXIF\0\0\0", 8);
	exif = put_exif(p + 8, orientation, false);
	p[4] = (uint8_t)exif;
	p += 8 + exif;
	n = (size_t)(p - out) - 8;
	for (int i = 0; i < 4; i++)
		out[4 + i] = (uint8_t)(n >> 8 * i);
	WebPFree(plain);
	image_free(&img);
	return n + 8;
}

static void test_webp(void **state)
{
	static uint8_t bytes[65536];
	struct temp_folder f;
	struct image img;
	struct diag d;
	size_t n;
	(void)state;

	temp_folder_make(&f);
	diag_init(&d);
	for (int o = 1; o <= 8; o++) {
		n = put_webp(bytes, stored[o], o);
		assert_int_equal(read_bytes(&f, bytes, n, &img, &d), 0);
		expect_cells(&img, "ABC/DEF");
		image_free(&img);
	}
	assert_int_equal(read_bytes(&f, bytes, 60, &img, &d), -1);
	assert_non_null(strstr(d.entries[0].text, "is damaged"));
	diag_free(&d);
	temp_folder_remove(&f);
}

/* ---- Bitmaps ---- */

/* A header, a palette of four grays, and rows as given; 3 pixels wide. */
static size_t put_bmp(uint8_t *out, int bits, int height, const void *rows,
		      size_t row_bytes)
{
	size_t at = 54 + (bits <= 8 ? 16 : 0);

	memset(out, 0, at);
	memcpy(out, "BM", 2);
	out[10] = (uint8_t)at;
	out[14] = 40;
	out[18] = 3;
	for (int i = 0; i < 4; i++) {
		out[22 + i] = (uint8_t)((uint32_t)height >> 8 * i);
		if (bits <= 8)
			memset(out + 54 + 4 * i, 10 * i, 3);
	}
	out[26] = 1;
	out[28] = (uint8_t)bits;
	out[46] = bits <= 8 ? 4 : 0;
	memcpy(out + at, rows, row_bytes);
	return at + row_bytes;
}

static void expect_bmp(int bits, int height, const void *rows, size_t bytes,
		       const char *expected)
{
	struct temp_folder f;
	uint8_t file[200];
	size_t n = put_bmp(file, bits, height, rows, bytes);
	struct image img;
	struct diag d;

	temp_folder_make(&f);
	diag_init(&d);
	assert_int_equal(read_bytes(&f, file, n, &img, &d), 0);
	assert_int_equal(img.width, 3);
	assert_int_equal(img.height, 2);
	assert_memory_equal(img.pixels, expected, 18);
	image_free(&img);
	for (size_t cut = 2; cut < n; cut++) {
		assert_int_equal(read_bytes(&f, file, cut, &img, &d), -1);
		assert_null(img.pixels);
	}
	diag_free(&d);
	temp_folder_remove(&f);
}

static void test_bmp(void **state)
{
	(void)state;
	/* blue, green, red; three bytes of padding; the last row first */
	expect_bmp(24, 2, "cbafedihg\0\0\0CBAFEDIHG\0\0\0", 24,
		   "ABCDEFGHIabcdefghi");
	expect_bmp(24, -2, "cbafedihg\0\0\0CBAFEDIHG\0\0\0", 24,
		   "abcdefghiABCDEFGHI");
	expect_bmp(32, 2, "cba.fed.ihg.CBA.FED.IHG.", 24, "ABCDEFGHIabcdefghi");
	expect_bmp(8, 2, "\1\2\3\0\0\1\2\0", 8,
		   "\0\0\0\x0a\x0a\x0a\x14\x14\x14"
		   "\x0a\x0a\x0a\x14\x14\x14\x1e\x1e\x1e");
	expect_bmp(4, 2, "\x12\x30\0\0\x01\x20\0\0", 8,
		   "\0\0\0\x0a\x0a\x0a\x14\x14\x14"
		   "\x0a\x0a\x0a\x14\x14\x14\x1e\x1e\x1e");
	/* an index past the palette is black */
	expect_bmp(8, 2, "\1\2\4\0\xff\1\2\0", 8,
		   "\0\0\0\x0a\x0a\x0a\x14\x14\x14"
		   "\x0a\x0a\x0a\x14\x14\x14\0\0\0");
}

/* ---- Hostile and unread ---- */

static void test_damaged_exif(void **state)
{
	struct temp_folder f;
	size_t count;
	uint8_t *jpeg, *with = malloc(65536), exif[64];
	size_t n = put_exif(exif, 6, false);
	(void)state;

	temp_folder_make(&f);
	jpeg = encode(&f, "ABC/DEF", "a.jpg", &count);
	for (size_t i = 0; i < 8 * n + n; i++) {
		size_t kept = i < 8 * n ? n : i - 8 * n;
		struct image img;
		struct diag d;

		diag_init(&d);
		memcpy(with, jpeg, 2);
		memcpy(with + 2, "\xff\xe1\0", 4);
		with[5] = (uint8_t)(kept + 2);
		memcpy(with + 6, exif, kept);
		if (i < 8 * n)
			with[6 + i / 8] ^= (uint8_t)(1 << i % 8);
		memcpy(with + 6 + kept, jpeg + 2, count - 2);
		assert_int_equal(
			read_bytes(&f, with, count + 4 + kept, &img, &d), 0);
		image_free(&img);
		diag_free(&d);
	}
	free(with);
	free(jpeg);
	temp_folder_remove(&f);
}

static void test_unread_formats(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "....ftypheic....", "is HEIC, which is not read" },
		{ "....ftypmif1....", "is HEIC, which is not read" },
		{ "....ftypavif....", "is AVIF, which is not read" },
		{ "....ftypisom....", "is a video, which is not read" },
		{ "GIF89a..........", "is GIF, which is not read" },
		{ "no picture......", "is neither a JPEG nor a PNG" },
	};
	struct temp_folder f;
	(void)state;

	temp_folder_make(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct image img;
		struct diag d;

		diag_init(&d);
		assert_int_equal(read_bytes(&f, cases[i].bytes, 16, &img, &d),
				 -1);
		assert_int_equal(d.errors, 1);
		if (!strstr(d.entries[0].text, cases[i].text))
			fail_msg("'%s'", d.entries[0].text);
		diag_free(&d);
	}
	temp_folder_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jpeg_orientations),
		cmocka_unit_test(test_png_orientation),
		cmocka_unit_test(test_webp),
		cmocka_unit_test(test_bmp),
		cmocka_unit_test(test_damaged_exif),
		cmocka_unit_test(test_unread_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
