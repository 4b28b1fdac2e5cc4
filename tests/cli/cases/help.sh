# SPDX-License-Identifier: Apache-2.0
# Help of the command.
dbconvert --help
