/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/image_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file_read.h"
#include "converter/data/image_exif.h"
#include "converter/data/image_formats.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

int image_check_size(const char *name, uint64_t width, uint64_t height,
		     struct diag *d)
{
	if (width && height && width <= UINT16_MAX && height <= UINT16_MAX &&
	    width * height <= IMAGE_MAX_PIXELS)
		return 0;
	return diag_error(d, "%s: a picture of %llux%llu is not supported",
			  name, (unsigned long long)width,
			  (unsigned long long)height);
}

int image_alloc(const char *name, struct image *img, struct diag *d)
{
	img->pixels = malloc((size_t)img->width * img->height * 3);
	return img->pixels ? 0 : diag_error(d, "%s: out of memory", name);
}

/* ---- Which format ---- */

const char *const image_endings[] = { ".jpg",  ".jpeg", ".png",
				      ".webp", ".bmp",  NULL };

bool image_file_name(const char *path)
{
	size_t n = strlen(path);

	for (int i = 0; image_endings[i]; i++) {
		size_t m = strlen(image_endings[i]);

		if (n > m && strcasecmp(path + n - m, image_endings[i]) == 0)
			return true;
	}
	return false;
}

/* The first bytes of a format: `magic` at offset `at`, '.' for any byte. */
struct signature {
	size_t at;
	const char *magic;
	image_decoder *decode; /* NULL: known, but not read */
	const char *name;
};

static const struct signature signatures[] = {
	{ 0, "\xff\xd8\xff", image_decode_jpeg, "JPEG" },
	{ 0, "\x89PNG\r\n\x1a\n", image_decode_png, "PNG" },
	{ 0, "RIFF....WEBP", image_decode_webp, "WebP" },
	{ 0, "BM", image_decode_bmp, "BMP" },
	{ 4, "ftypavi", NULL, "AVIF" },
	{ 4, "ftyphei", NULL, "HEIC" },
	{ 4, "ftyphev", NULL, "HEIC" },
	{ 4, "ftypmif1", NULL, "HEIC" },
	{ 4, "ftypmsf1", NULL, "HEIC" },
	{ 4, "ftyp", NULL, "a video" },
	{ 0, "GIF8", NULL, "GIF" },
	{ 0, "II*", NULL, "TIFF" },
};

static const struct signature *format_of(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
		const struct signature *s = &signatures[i];
		size_t n = strlen(s->magic), k = 0;

		if (count <= s->at + n)
			continue;
		while (k < n && (s->magic[k] == '.' ||
				 (uint8_t)s->magic[k] == bytes[s->at + k]))
			k++;
		if (k == n)
			return s;
	}
	return NULL;
}

static int not_read(const char *name, const struct signature *s, struct diag *d)
{
	if (!s)
		return diag_error(
			d, "%s: is neither a JPEG nor a PNG, WebP or BMP",
			name);
	diag_error(d, "%s: is %s, which is not read", name, s->name);
	diag_hint(d, "convert it to JPEG");
	return -1;
}

static int decode(const char *name, const uint8_t *bytes, size_t count,
		  struct image *img, struct diag *d)
{
	const struct signature *s = format_of(bytes, count);
	int orientation = 1, err;

	if (!s || !s->decode)
		return not_read(name, s, d);
	err = s->decode(name, bytes, count, img, &orientation, d);
	if (!err && image_orient(img, orientation))
		err = diag_error(d, "%s: out of memory", name);
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

int image_check(const char *path, struct diag *d)
{
	uint8_t bytes[64];
	FILE *f = fopen(path, "rb");
	const struct signature *s;
	size_t count;
	char *former;
	int err;

	if (!f)
		return diag_error(d, "%s: %s", path, strerror(errno));
	count = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	s = format_of(bytes, count);
	if (s && s->decode)
		return 0;
	former = diag_enter(d, NULL);
	err = not_read(path, s, d);
	diag_leave(d, former);
	return err;
}

void image_free(struct image *img)
{
	free(img->pixels);
	*img = (struct image){ 0 };
}
