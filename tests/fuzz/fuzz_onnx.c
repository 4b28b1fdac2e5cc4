/* SPDX-License-Identifier: Apache-2.0 */
/* A model of any bytes: read, reshaped by all passes, and freed again. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "converter/heads/head_find.h"
#include "converter/onnx/model_load.h"
#include "passes/pipeline.h"
#include "tests/support/fuzz_networks.h"
#include "tests/support/fuzz_seed.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	int fd = memfd_create("model.onnx", 0);
	char path[64];
	struct arena a;
	struct config c;
	struct diag d;
	uint8_t sha256[32];
	struct head head;
	struct graph *g;

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, bytes) == (ssize_t)bytes) {
		config_init(&c);
		c.model_path = path;
		c.jobs = 1;
		arena_init(&a, 0);
		diag_init(&d);
		g = model_load(&c, &a, sha256, NULL, &d);
		if (g && !head_find(g, &c, &a, &head, &d))
			pipeline_finish(g, &c, NULL, &d);
		arena_free(&a);
		diag_free(&d);
	}
	close(fd);
	return 0;
}
