/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define CMD(member) offsetof(struct command, member)
#define CFG(member) offsetof(struct command, config.member)

static const struct option_row table[] = {
	{ .name = "target",
	  .letter = 't',
	  .argument = "NAME|FILE.yaml",
	  .kind = OPTION_TEXT,
	  .offset = CFG(target),
	  .verbs = VERB_CONVERT | VERB_BENCH,
	  .help = "target board (a53)" },
	{ .name = "bits",
	  .letter = 'b',
	  .argument = "2|3|4|8",
	  .kind = OPTION_WIDTH,
	  .offset = CFG(bits),
	  .verbs = VERB_CONVERT,
	  .choices = "2|3|4|8",
	  .help = "target width of the weights (8)" },
	{ .name = "act-bits",
	  .argument = "auto|4|5|6|8",
	  .kind = OPTION_WIDTH,
	  .offset = CFG(act_bits),
	  .verbs = VERB_CONVERT,
	  .choices = "auto|4|5|6|8",
	  .help = "width of the activations (8)" },
	{ .name = "uniform",
	  .kind = OPTION_FLAG,
	  .offset = CFG(uniform),
	  .verbs = VERB_CONVERT,
	  .help = "the same width for every layer, no search" },
	{ .name = "effort",
	  .argument = "fast|normal|best",
	  .kind = OPTION_CHOICE,
	  .offset = CFG(effort),
	  .verbs = VERB_CONVERT,
	  .choices = "fast|normal|best",
	  .help = "rounding presets to try: 1, 2 or 8 (normal)" },
	{ .name = "method",
	  .argument = "NAME,...",
	  .kind = OPTION_SET,
	  .offset = CFG(methods),
	  .verbs = VERB_CONVERT,
	  .choices = METHOD_NAMES,
	  .help = "use only these methods, or all but no-NAME,..." },
	{ .name = "calib",
	  .letter = 'c',
	  .argument = "DIR|LIST",
	  .kind = OPTION_TEXT,
	  .offset = CFG(calib),
	  .verbs = VERB_CONVERT | VERB_VERIFY,
	  .help = "photos or .npy/.pb tensors to calibrate and measure with" },
	{ .name = "images",
	  .argument = "DIR|LIST",
	  .kind = OPTION_TEXT,
	  .offset = CFG(images),
	  .verbs = VERB_CONVERT | VERB_EVAL,
	  .help = "labelled photos to measure accuracy on" },
	{ .name = "labels",
	  .argument = "FILE|DIR",
	  .kind = OPTION_TEXT,
	  .offset = CFG(labels),
	  .verbs = VERB_CONVERT | VERB_EVAL,
	  .help = "labels of the photos (COCO, YOLO, Pascal VOC, CSV, "
		  "folders)" },
	{ .name = "min-accuracy",
	  .argument = "0-1",
	  .kind = OPTION_FRACTION,
	  .offset = CFG(min_accuracy),
	  .verbs = VERB_CONVERT | VERB_EVAL,
	  .help = "refuse a model with less on the labelled photos" },
	{ .name = "min-fidelity",
	  .argument = "0-1",
	  .kind = OPTION_FRACTION,
	  .offset = CFG(min_fidelity),
	  .verbs = VERB_CONVERT,
	  .help = "refuse a model with less agreement with float" },
	{ .name = "output",
	  .letter = 'o',
	  .argument = "DIR",
	  .kind = OPTION_TEXT,
	  .offset = CMD(output),
	  .verbs = VERB_CONVERT | VERB_RUN | VERB_BENCH | VERB_SWEEP |
		   VERB_SIGN,
	  .help = "output folder, made if missing; of bench, sign a file" },
	{ .name = "report",
	  .argument = "FILE.json",
	  .kind = OPTION_REPORT,
	  .offset = CFG(reports),
	  .verbs = VERB_CONVERT,
	  .help = "write the report to this file" },
	{ .name = "json",
	  .kind = OPTION_FLAG,
	  .offset = CMD(json),
	  .verbs = VERB_JOBS | VERB_CHECK,
	  .help = "print results as JSON on standard output" },
	{ .name = "max-latency",
	  .argument = "250ms",
	  .kind = OPTION_DURATION,
	  .offset = CFG(max_latency_us),
	  .verbs = VERB_CONVERT,
	  .help = "refuse a model slower than this" },
	{ .name = "max-size",
	  .argument = "2MB",
	  .kind = OPTION_BYTES,
	  .offset = CFG(max_size_bytes),
	  .verbs = VERB_CONVERT,
	  .help = "refuse a packed file larger than this" },
	{ .name = "max-ram",
	  .argument = "512KB",
	  .kind = OPTION_BYTES,
	  .offset = CFG(max_ram_bytes),
	  .verbs = VERB_CONVERT,
	  .help = "refuse a work buffer larger than this" },
	{ .name = "allow-resize",
	  .kind = OPTION_FLAG,
	  .offset = CFG(allow_resize),
	  .verbs = VERB_CONVERT,
	  .help = "allow a smaller input to meet --max-latency" },
	{ .name = "shape",
	  .argument = "[NAME=]1x3x320x320",
	  .kind = OPTION_SHAPE,
	  .offset = CFG(shapes),
	  .verbs = VERB_MODELS,
	  .help = "shape of an input; may be given again" },
	{ .name = "preprocess",
	  .argument = "usual|auto|plain",
	  .kind = OPTION_CHOICE,
	  .offset = CFG(preprocess),
	  .verbs = VERB_CONVERT,
	  .choices = "usual|auto|plain",
	  .help = "without the options below: usual for the head (usual)" },
	{ .name = "mean",
	  .argument = "R,G,B",
	  .kind = OPTION_MEAN,
	  .offset = CFG(mean),
	  .verbs = VERB_MODELS,
	  .help = "subtracted from pixels, in the model's channel order (0)" },
	{ .name = "scale",
	  .argument = "X|R,G,B",
	  .kind = OPTION_SCALE,
	  .offset = CFG(scale),
	  .verbs = VERB_MODELS,
	  .help = "multiplies (pixel - mean) (1/255)" },
	{ .name = "color",
	  .argument = "rgb|bgr|gray",
	  .kind = OPTION_CHOICE,
	  .offset = CFG(color),
	  .verbs = VERB_MODELS,
	  .choices = "rgb|bgr|gray",
	  .help = "channel order of the model (rgb)" },
	{ .name = "resize",
	  .argument = "RULE",
	  .kind = OPTION_CHOICE,
	  .offset = CFG(resize),
	  .verbs = VERB_MODELS,
	  .choices = "stretch|letterbox|letterbox-topleft",
	  .help = "stretch, letterbox or letterbox-topleft (stretch)" },
	{ .name = "pad-value",
	  .argument = "0-255",
	  .kind = OPTION_INT,
	  .offset = CFG(pad_value),
	  .verbs = VERB_MODELS,
	  .min = 0,
	  .max = 255,
	  .help = "gray of the letterbox border (0)" },
	{ .name = "head",
	  .argument = "FILE.yaml",
	  .kind = OPTION_TEXT,
	  .offset = CFG(head),
	  .verbs = VERB_MODELS,
	  .help = "how outputs are decoded to detections (recognised)",
	  .alone_verbs = VERB_INSPECT,
	  .alone = CMD(print_head) },
	{ .name = "head-template",
	  .kind = OPTION_FLAG,
	  .offset = CMD(head_template),
	  .verbs = VERB_INSPECT,
	  .help = "print a file for --head to complete" },
	{ .name = "classes",
	  .argument = "A,B,...|FILE",
	  .kind = OPTION_TEXT,
	  .offset = CFG(classes),
	  .verbs = VERB_MODELS,
	  .help = "names of the classes" },
	{ .name = "threshold",
	  .argument = "X",
	  .kind = OPTION_FRACTION,
	  .offset = CFG(score_threshold),
	  .verbs = VERB_MODELS,
	  .help = "least score of a detection or class (the model's, or 0.5)" },
	{ .name = "nms-iou",
	  .argument = "X",
	  .kind = OPTION_FRACTION,
	  .offset = CFG(nms_iou),
	  .verbs = VERB_MODELS,
	  .help = "largest IoU of two boxes that are kept (0.5; faces 0.4)" },
	{ .name = "draw",
	  .argument = "OUT.png|OUT.jpg",
	  .kind = OPTION_TEXT,
	  .offset = CMD(draw),
	  .verbs = VERB_RUN,
	  .help = "write the photo with its detections" },
	{ .name = "jobs",
	  .letter = 'j',
	  .argument = "N",
	  .kind = OPTION_INT,
	  .offset = CFG(jobs),
	  .verbs = VERB_JOBS,
	  .min = 1,
	  .max = 256,
	  .help = "threads (the machine's cores); changes no result" },
	{ .name = "runs",
	  .argument = "N",
	  .kind = OPTION_INT,
	  .offset = CMD(runs),
	  .verbs = VERB_BENCH,
	  .min = 1,
	  .max = 100000,
	  .help = "runs to take the least times of (20)" },
	{ .name = "trace",
	  .argument = "FILE.json",
	  .kind = OPTION_TEXT,
	  .offset = CMD(trace),
	  .verbs = VERB_BENCH,
	  .help = "write the times for chrome://tracing or Perfetto" },
	{ .name = "kernels",
	  .kind = OPTION_FLAG,
	  .offset = CMD(kernels),
	  .verbs = VERB_BENCH,
	  .help = "fit the kernels of a target file (-o) to the times" },
	{ .name = "source",
	  .argument = "TEXT",
	  .kind = OPTION_TEXT,
	  .offset = CMD(source),
	  .verbs = VERB_BENCH,
	  .help = "where the times come from (measured)" },
	{ .name = "key-file",
	  .argument = "FILE",
	  .kind = OPTION_TEXT,
	  .offset = CMD(key_file),
	  .verbs = VERB_SIGN | VERB_CHECK,
	  .help = "the key (DBCONVERT_KEY of the environment)" },
	{ .name = "sign-command",
	  .argument = "COMMAND",
	  .kind = OPTION_TEXT,
	  .offset = CMD(sign_command),
	  .verbs = VERB_SIGN,
	  .help = "signs standard input for the public key" },
	{ .name = "model-version",
	  .argument = "N",
	  .kind = OPTION_SEED,
	  .offset = CMD(model_version),
	  .verbs = VERB_SIGN,
	  .help = "above that of all updates before" },
	{ .name = "model-id",
	  .argument = "TEXT",
	  .kind = OPTION_TEXT,
	  .offset = CMD(model_id),
	  .verbs = VERB_SIGN,
	  .help = "which model it replaces (the name of the file)" },
	{ .name = "hardware",
	  .argument = "TEXT",
	  .kind = OPTION_TEXT,
	  .offset = CMD(hardware),
	  .verbs = VERB_SIGN,
	  .help = "the devices that may take it" },
	{ .name = "seed",
	  .argument = "N",
	  .kind = OPTION_SEED,
	  .offset = CFG(seed),
	  .verbs = VERB_CONVERT,
	  .help = "seed of every random choice (1)" },
	{ .name = "dump-after",
	  .argument = "STAGE",
	  .kind = OPTION_TEXT,
	  .offset = CFG(dump_after),
	  .verbs = VERB_CONVERT,
	  .help = "print what a pass or stage leaves; help lists them" },
	{ .name = "config",
	  .argument = "FILE.yaml",
	  .kind = OPTION_TEXT,
	  .offset = CMD(config_file),
	  .verbs = VERB_CONFIG,
	  .help = "options from a file (./dbconvert.yaml if it exists)" },
	{ .name = "quiet",
	  .letter = 'q',
	  .kind = OPTION_FLAG,
	  .offset = CFG(quiet),
	  .verbs = VERB_ALL,
	  .help = "print errors and warnings that matter only" },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = OPTION_FLAG,
	  .offset = CFG(verbose),
	  .verbs = VERB_JOBS,
	  .help = "print more" },
	{ .name = "help",
	  .letter = 'h',
	  .kind = OPTION_FLAG,
	  .offset = CMD(help),
	  .verbs = VERB_ALL,
	  .help = "print this help" },
	{ .name = "version",
	  .kind = OPTION_FLAG,
	  .offset = CMD(version),
	  .verbs = VERB_ALL,
	  .help = "print the version" },
};

#define TABLE_ROWS ((int)(sizeof(table) / sizeof(table[0])))
_Static_assert(sizeof(table) / sizeof(table[0]) <= COMMAND_MAX_OPTIONS,
	       "command.given is too short");

const struct option_row *option_at(int i)
{
	return i < TABLE_ROWS ? &table[i] : NULL;
}

int option_index(const struct option_row *row)
{
	return (int)(row - table);
}

const struct option_row *option_find(const char *name)
{
	for (int i = 0; i < TABLE_ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct option_row *option_find_letter(char letter)
{
	for (int i = 0; i < TABLE_ROWS; i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

const char *option_nearest(const char *name)
{
	const char *near = NULL;
	int best = 4;

	for (int i = 0; i < TABLE_ROWS; i++) {
		int distance = text_distance(name, table[i].name);

		if (distance < best && distance < (int)strlen(name)) {
			best = distance;
			near = table[i].name;
		}
	}
	return near;
}

bool option_is_key(const struct option_row *row)
{
	return row->offset != CMD(config_file) && row->offset != CMD(help) &&
	       row->offset != CMD(version);
}

void options_help(FILE *out, unsigned verb)
{
	for (int i = 0; i < TABLE_ROWS; i++) {
		const struct option_row *row = &table[i];
		char left[64];

		if (!(row->verbs & verb))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", row->name,
			 row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(out, "  %c%c%c %-26s %s\n", row->letter ? '-' : ' ',
			row->letter ? row->letter : ' ',
			row->letter ? ',' : ' ', left, row->help);
	}
}
