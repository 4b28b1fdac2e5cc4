/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_TARGET_FILES_H
#define DBC_CONVERTER_TARGET_FILES_H

/* The files of targets/, built into the program (tools/embed.sh). */
struct target_file {
	const char *name, *text;
};
extern const struct target_file target_files[];
extern const int target_file_count;

#endif
