/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file of any bytes, read as options, as a target, as the description of
 * a head and as a suite. */
#include <stdlib.h>

#include "cli/command.h"
#include "cli/config_yaml.h"
#include "cli/suite_file.h"
#include "converter/heads/head_yaml.h"
#include "converter/target.h"
#include "converter/target_files.h"
#include "passes/pipeline.h"
#include "tests/support/fuzz_seed.h"

static const char boxes_and_scores[] = "input %x f32 1x3x32x32\n"
				       "const %b i64 3 = [1, 768, 4]\n"
				       "const %s i64 3 = [1, -1, 3]\n"
				       "%boxes = Reshape(%x, %b)\n"
				       "%scores = Reshape(%x, %s)\n"
				       "output %boxes\n"
				       "output %scores\n";

static const char head[] =
	"boxes: prior\nvariances: [0.1, 0.2]\noffset: 0.5\nbackground: true\n"
	"activation: {box: sigmoid, object: none, class: softmax}\n"
	"power: {object: 0.5, class: 0.5}\nclasses: [person, pet, vehicle]\n"
	"threshold: 0.4\nnms: 0.5\nnormalized: true\nbins: 0\nlevels:\n"
	"- anchors: [[10, 10], [16, 16], [24, 24]]\n  grid: [16, 16]\n"
	"  stride: 2\n"
	"  box: {output: boxes, first: 0, cell: 12, anchor: 4, field: 1}\n"
	"  score: {output: scores, first: 0, cell: 9, anchor: 3, field: 1}\n";

static const char options[] =
	"target: esp32s3\nbits: 4\ncalib: photos\nmean: 0,0.5,1\nscale: 1/255\n"
	"color: bgr\nresize: letterbox\nmax-size: 50K\nmax-latency: 3ms\n"
	"report: [a.json, b.md]\nshape: x=1x3x32x32\nuniform: true\n"
	"output: out\nclasses: a,b\nmethod: -gptq\n";

static const char suite[] =
	"models: [a.dbp]\nimages: photos\nmargin: 0.1\ntoo-few: fail\n"
	"max-size: 50K\nslices:\n  a: {images: b, empty: true, where: {class: "
	"[x, y], boxes: 0, size: \"!= small\", far: \">= 7\"}, expect: "
	"{recall: {min: 0.9, max: 1, drop: 0}, false-alarms: 5}}\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!fuzz_seeds())
		return 0;
	fuzz_seed_text("head", head);
	fuzz_seed_text("options", options);
	fuzz_seed_text("suite", suite);
	fuzz_seed_text("anchors", "a: &x {b: [1, 2]}\nc: *x\nd: |\n  text\n");
	for (int i = 0; i < target_file_count; i++)
		fuzz_seed_text(target_files[i].name, target_files[i].text);
	return 0;
}

static void read_options(const char *path, struct diag *d)
{
	struct command cmd;

	command_init(&cmd);
	cmd.config_file = path;
	if (config_yaml_apply(&cmd, d) && !d->errors)
		abort();
	command_free(&cmd);
}

static void read_suite(const char *path, struct diag *d)
{
	struct command cmd;
	struct suite s;

	command_init(&cmd);
	if (suite_read(&s, path, &cmd, d) ? d->errors != 1 : !s.slice_count)
		abort();
	suite_free(&s);
	command_free(&cmd);
}

static void read_target(const char *path, struct arena *a, struct diag *d)
{
	struct cost_target t;
	struct cost_work w = { .kernel = "conv_w8a8",
			       .macs = 1000,
			       .weight_bytes = 100,
			       .memory_bytes = 100 };

	if (!target_load(path, a, &t, d))
		cost_latency_us(&t, &w);
	else if (!d->errors)
		abort();
}

static void read_head(const char *path, struct arena *a, struct diag *d)
{
	struct graph *g = graph_parse(a, boxes_and_scores, d);
	struct config c;
	struct head h;

	config_init(&c);
	if (!g || pipeline_begin(g, &c, NULL, d))
		abort();
	if (!head_read_yaml(g, &c, path, a, &h, d) && h.data &&
	    !head_fits(&h, g))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const readers[])(const char *, struct arena *,
				       struct diag *) = { read_target,
							  read_head };
	const char *path = fuzz_file("x.yaml", data, bytes);
	struct diag d;

	diag_init(&d);
	read_options(path, &d);
	diag_free(&d);
	diag_init(&d);
	read_suite(path, &d);
	diag_free(&d);
	for (int i = 0; i < 2; i++) {
		struct arena a;

		arena_init(&a, 0);
		diag_init(&d);
		readers[i](path, &a, &d);
		diag_free(&d);
		arena_free(&a);
	}
	return 0;
}
