/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of any bytes: converted, opened and run once, with the random
 * networks of the tests as first inputs. What the converter packs, the device
 * library must open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "converter/pack/packed_file.h"
#include "runtime/dbrt.h"
#include "tests/support/fuzz_networks.h"
#include "tests/support/fuzz_seed.h"
#include "tests/support/small_conversion.h"

#define SEEDS 60

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (fuzz_seeds()) {
		fuzz_seed_networks(SEEDS);
		fuzz_seed_operators();
	}
	return 0;
}

static void must(int holds, const char *what, const struct diag *d)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n", what,
		d->count ? d->entries[d->count - 1].text : "no message");
	abort();
}

static void run(const struct packed *p, struct diag *d)
{
	struct packed_file file;

	must(!packed_file_open(&file, p->bytes, p->size, "", d), "open", d);
	must(!packed_file_bind(&file, d), "bind", d);
	must(dbrt_run(&file.model) == DBRT_OK, "run", d);
	packed_file_close(&file);
}

/* An input is always converted in the same way. */
static uint32_t sum_of(const uint8_t *data, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = 31 * sum + data[i];
	return sum >> 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	int fd = memfd_create("model.onnx", 0);
	struct packed packed = { 0 };
	struct config c;
	struct arena a;
	struct diag d;
	char path[64];

	if (fd < 0)
		return 0;
	fuzz_config(&c, sum_of(data, bytes));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	c.model_path = path;
	arena_init(&a, 0);
	diag_init(&d);
	if (write(fd, data, bytes) == (ssize_t)bytes &&
	    !convert_small(&c, bytes & 1, &a, &packed, &d))
		run(&packed, &d);
	arena_free(&a);
	diag_free(&d);
	close(fd);
	return 0;
}
