/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged copies of a file:
 *
 *	flip_bytes FILE FOLDER COUNT
 *
 * writes FOLDER/0 to FOLDER/COUNT-1, each with one byte changed. The same
 * call writes the same files on every machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static uint8_t *read_file(const char *path, size_t *bytes)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	long size;

	if (!in)
		return NULL;
	if (!fseek(in, 0, SEEK_END) && (size = ftell(in)) > 0 &&
	    (data = malloc((size_t)size))) {
		rewind(in);
		*bytes = fread(data, 1, (size_t)size, in);
	}
	fclose(in);
	return data;
}

static int write_file(const char *folder, int i, const uint8_t *data,
		      size_t bytes)
{
	char path[4096];
	FILE *out;
	size_t written;

	snprintf(path, sizeof(path), "%s/%d", folder, i);
	out = fopen(path, "wb");
	if (!out)
		return -1;
	written = fwrite(data, 1, bytes, out);
	return fclose(out) || written != bytes ? -1 : 0;
}

int main(int argc, char **argv)
{
	uint64_t state = 1;
	size_t bytes = 0;
	uint8_t *data;
	int count;

	if (argc != 4)
		return 2;
	data = read_file(argv[1], &bytes);
	count = atoi(argv[3]);
	for (int i = 0; data && bytes && i < count; i++) {
		size_t place = next_random(&state) % bytes;
		uint8_t kept = data[place];

		data[place] ^= (uint8_t)(1 + next_random(&state) % 255);
		if (write_file(argv[2], i, data, bytes)) {
			perror(argv[2]);
			return 1;
		}
		data[place] = kept;
	}
	free(data);
	return bytes ? 0 : 1;
}
