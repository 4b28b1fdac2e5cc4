/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

#include <string.h>

#include "base/text.h"
#include "cli/options.h"

static const struct verb verbs[] = {
	{ "convert", "[convert]", "MODEL.onnx [options]",
	  "Converts a model to a packed file and a C header.",
	  "  dbconvert model.onnx --bits 4 --calib photos\n"
	  "  dbconvert model.onnx --max-size 300KB --calib photos -o "
	  "firmware\n",
	  VERB_CONVERT, cmd_convert },
	{ "run", "run", "MODEL.onnx|MODEL.dbp INPUT|FOLDER... [options]",
	  "Runs a model on photos or tensors and prints what it finds.",
	  "  dbconvert run model.dbp photo.jpg --draw found.jpg\n"
	  "  dbconvert run model.onnx photos -o outputs\n",
	  VERB_RUN, cmd_run },
	{ "verify", "verify", "MODEL.onnx MODEL.dbp --calib PHOTOS",
	  "Compares a packed model with the model that it was made from.",
	  "  dbconvert verify model.onnx model.dbp --calib photos\n",
	  VERB_VERIFY, cmd_verify },
	{ "eval", "eval", "MODEL.onnx|MODEL.dbp --images PHOTOS --labels FILE",
	  "Measures the accuracy of a model on labelled photos.",
	  "  dbconvert eval model.dbp --images photos --labels labels.json\n",
	  VERB_EVAL, cmd_eval },
	{ "inspect", "inspect", "MODEL.onnx|MODEL.dbp|UPDATE.dbu [options]",
	  "Prints the operators of a model and the parts of a packed file.",
	  "  dbconvert inspect model.dbp\n", VERB_INSPECT, cmd_inspect },
	{ "bench", "bench", "MODEL.dbp... [options]",
	  "Times each operator of a packed model on this machine.",
	  "  dbconvert bench model.dbp --jobs 4 --runs 50\n"
	  "  dbconvert bench model.dbp --json --trace times.json\n"
	  "  dbconvert bench --kernels --target a53 -o board.yaml TIMES...\n",
	  VERB_BENCH, cmd_bench },
	{ "sweep", "sweep", "SWEEP.yaml [options]",
	  "Converts models for every choice of some options, and compares.",
	  "  dbconvert sweep sweep.yaml -o results\n"
	  "  mpirun -n 8 dbconvert sweep sweep.yaml -o results --jobs 1\n",
	  VERB_SWEEP, cmd_sweep },
	{ "test", "test", "SUITE.yaml [MODEL.dbp|MODEL.onnx]... [options]",
	  "Tests models on named slices of photos, each with expectations.",
	  "  dbconvert test suite.yaml model.dbp --junit results.xml\n"
	  "  dbconvert test --init model.onnx --images photos --labels "
	  "labels.json \\\n      -o suite.yaml\n",
	  VERB_TEST, cmd_test },
	{ "keygen", "keygen", "NAME",
	  "Makes a key that signs updates: NAME.key and NAME.pub.",
	  "  dbconvert keygen fleet\n", VERB_KEYGEN, cmd_keygen },
	{ "sign", "sign", "MODEL.dbp --model-version N --hardware TEXT",
	  "Makes a signed update (.dbu) of a packed model.",
	  "  dbconvert sign model.dbp --model-version 7 --hardware board-1 "
	  "--key-file fleet.key\n",
	  VERB_SIGN, cmd_sign },
	{ "check", "check", "UPDATE.dbu --key-file NAME.pub",
	  "Verifies a signed update as a device does.",
	  "  dbconvert check model.dbu --key-file fleet.pub\n", VERB_CHECK,
	  cmd_check },
};
#define VERBS ((int)(sizeof(verbs) / sizeof(verbs[0])))

const struct verb *verb_at(int i)
{
	return i < VERBS ? &verbs[i] : NULL;
}

const struct verb *verb_find(const char *name)
{
	for (int i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

const struct verb *verb_nearest(const char *text)
{
	const struct verb *near = NULL;
	int best = 3;

	for (int i = 0; i < VERBS; i++) {
		int distance = text_distance(text, verbs[i].name);

		if (distance < best && distance < (int)strlen(text)) {
			best = distance;
			near = &verbs[i];
		}
	}
	return near;
}
