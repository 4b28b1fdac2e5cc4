/* SPDX-License-Identifier: Apache-2.0 */
/* to_ppm PHOTO OUT.ppm: a JPEG or PNG as examples/detect.c reads it. */
#include <stdio.h>

#include "converter/data/image_file.h"

static int write_ppm(const char *path, const struct image *img)
{
	size_t bytes = (size_t)img->width * img->height * 3;
	FILE *out = fopen(path, "wb");
	int err;

	if (!out)
		return -1;
	fprintf(out, "P6\n%u %u\n255\n", img->width, img->height);
	err = fwrite(img->pixels, 1, bytes, out) != bytes;
	return fclose(out) || err ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct image img;
	struct diag d;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: to_ppm PHOTO OUT.ppm\n");
		return 2;
	}
	diag_init(&d);
	err = image_read(argv[1], &img, &d) || write_ppm(argv[2], &img);
	for (size_t i = 0; i < d.count; i++)
		fprintf(stderr, "to_ppm: %s\n", d.entries[i].text);
	image_free(&img);
	diag_free(&d);
	return err ? 1 : 0;
}
