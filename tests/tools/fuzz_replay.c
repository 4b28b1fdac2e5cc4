/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target on files, without a fuzzer and with any compiler:
 *
 *	fuzz_replay_NAME FILE|FOLDER...
 *
 * FUZZ_SEEDS names a folder. The target first writes its seeds into it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/fuzz_seed.h"

static int replayed;

static int replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	long bytes = -1;

	if (in && !fseek(in, 0, SEEK_END))
		bytes = ftell(in);
	if (bytes >= 0) {
		rewind(in);
		data = malloc(bytes ? (size_t)bytes : 1);
	}
	if (!data || fread(data, 1, (size_t)bytes, in) != (size_t)bytes) {
		perror(path);
		return 1;
	}
	fclose(in);
	LLVMFuzzerTestOneInput(data, (size_t)bytes);
	free(data);
	replayed++;
	return 0;
}

static int replay_folder(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort), err = 0;

	for (int i = 0; i < count; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (*names[i]->d_name != '.')
			err |= replay_file(file);
		free(names[i]);
	}
	if (count < 0)
		perror(path);
	else
		free(names);
	return err || count < 0;
}

int main(int argc, char **argv)
{
	int err = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		struct stat st;

		err |= !stat(argv[i], &st) && S_ISDIR(st.st_mode) ?
			       replay_folder(argv[i]) :
			       replay_file(argv[i]);
	}
	printf("%d inputs\n", replayed);
	return err;
}
