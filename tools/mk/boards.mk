# Emulated boards: MicroPython's own QEMU port with our board definitions.
#
#   make firmware BOARD=m4 [HEAP=64k] [EMBER=0]      build/boards/m4[-64k][-stock]/firmware.elf
#   make firmware BOARD=m4 COMPONENTS=convolution    build/boards/m4-core+convolution/firmware.elf
#   make build/boards/m4-stock-rom/firmware.elf      one without Ember that has a partition for a ROMFS

BOARD =
HEAP =
EMBER =
SCRIPT =
FILES =
DOCS =
STEPS = 10000
FIRST = 1
unexport BOARD HEAP EMBER SCRIPT FILES DOCS STEPS FIRST

BOARDS = $(patsubst firmware/boards/%/mpconfigboard.mk,%,$(wildcard firmware/boards/*/mpconfigboard.mk))
HEAPS = 64k 128k 192k
# Stock firmware loads library and VM into its heap: what the largest suites need on top no longer fits 192 kB.
STOCK_HEAP = 288
ROM_SIZE = 320K
BOARD_HEAP = $(or $(HEAP),192k)
BOARD_STOCK = $(if $(filter 0,$(EMBER)),-stock)
BOARDS_READY = build/.system-boards

# Names as in tools/board.py. The heap of 192k is the one that is not named.
firmware_of = build/boards/$(1)/firmware.elf
FIRMWARE = $(call firmware_of,$(BOARD)$(if $(filter-out 192k,$(BOARD_HEAP)),-$(BOARD_HEAP))$(or $(BOARD_STOCK),$(addprefix -,$(VARIANT))))
BOARD_FIRMWARES = $(foreach board,$(BOARDS),$(call firmware_of,$(board)))
# What the tests need besides: every board without Ember, one of them with ROMFS, and the other
# heaps of one.
TEST_FIRMWARES = $(BOARD_FIRMWARES) $(foreach folder,$(addsuffix -stock,$(BOARDS)) m4-stock-rom m4-64k m4-128k,$(call firmware_of,$(folder)))

BOARD_SOURCES = $(wildcard firmware/boards/common/*) $(wildcard lib/ember/*.py lib/ember/*/*.py) lib/manifest.py lib/parts.py \
	$(wildcard tools/ember_tools/*.py)
FIRMWARE_GIVEN = $(if $(and $(filter $(BOARD),$(BOARDS)),$(filter $(BOARD_HEAP),$(HEAPS))),$(FIRMWARE))
OPTIONS = $(if $(HEAP),--heap $(HEAP)) $(if $(BOARD_STOCK),--stock,$(addprefix --variant ,$(VARIANT)))

.PHONY: firmware run repl boards board-bench test-allocations board-given

board-given:
	@$(if $(filter $(BOARD),$(BOARDS)),,echo BOARD is $(call quoted,$(BOARD))"; it may be one of: $(BOARDS)" >&2; exit 2)
	@$(if $(filter $(BOARD_HEAP),$(HEAPS)),,echo HEAP is $(call quoted,$(HEAP))"; it may be one of: $(HEAPS)" >&2; exit 2)

firmware: board-given $(FIRMWARE_GIVEN) ## build MicroPython with Ember for a board: BOARD=m4 [HEAP=64k] [EMBER=0] [COMPONENTS="convolution pooling"] [OPTIMIZE=size]

run: firmware $(VENV_READY) ## run a script on an emulated board: BOARD=m4 SCRIPT=path.py [FILES="what it reads and imports"]
	@$(if $(SCRIPT),,echo "SCRIPT=path.py is missing" >&2; exit 2)
	@$(RUN) tools/board.py run $(BOARD) $(call quoted,$(SCRIPT)) $(OPTIONS) \
		$(if $(FILES),--files $(foreach file,$(FILES),$(call quoted,$(file))))

repl: firmware $(VENV_READY) ## talk to an emulated board, Ctrl-] leaves: BOARD=m4
	@$(RUN) tools/board.py repl $(BOARD) $(OPTIONS)

board-bench: $(BOARD_FIRMWARES) $(VENV_READY) ## count what training costs on the boards, in instructions and bytes: [BOARD=m4] [DOCS=1]
	@$(RUN) host_tests/bench/board_cost.py $(BOARD) $(if $(DOCS),--write)
	@$(if $(DOCS),$(RUN) host_tests/bench/slower.py --write)

test-allocations: $(if $(BOARD),firmware,$(BOARD_FIRMWARES)) $(VENV_READY) ## 10,000 steps of every layer with every optimizer, half an hour a board or more: [BOARD=m4] [STEPS=1000] [FIRST=101]
	@$(RUN) host_tests/support/allocations.py --steps $(STEPS) --first $(FIRST) $(or $(BOARD),$(BOARDS))

boards: $(BOARD_FIRMWARES) ## build the firmware of every board

$(BOARDS_READY): tools/setup_system.py | $(SYSTEM_READY)
	@mkdir -p $(@D)
	@$(PYTHON) tools/setup_system.py boards
	@touch $@

# From the folder's name: the board, the heap if it is named, stock or not.
words_of = $(subst -, ,$(notdir $(patsubst %/,%,$(dir $(1)))))
heap_of = $(patsubst %k,%,$(or $(filter $(HEAPS),$(call words_of,$(1))),192k))

# As with the unix port: its rules do not know of flags in makefiles, nor that frozen modules went.
build/boards/%/firmware.elf: $(SOURCE_READY) $(MPY_CROSS) $(VM_SOURCES) $(VM_MAKEFILES) $(BOARD_SOURCES) \
		$(wildcard firmware/boards/*/mpconfigboard.mk firmware/boards/*/board.ld) | $(BOARDS_READY)
	+$(STEP) board-$* "Building MicroPython for the emulated board $* (a minute)." \
		sh -c 'rm -rf $(@D)/vm $(@D)/boards && $(PARALLEL) -C build/micropython/ports/qemu PYTHON=$(PYTHON) \
		BOARD=$(firstword $(subst -, ,$*)) BOARD_DIR=$(abspath firmware/boards/$(firstword $(subst -, ,$*))) \
		BUILD=$(abspath $(@D)) MICROPY_HEAP_SIZE=$$(($(if $(findstring -stock,$*),$(STOCK_HEAP),$(call heap_of,$@)) * 1024)) \
		$(if $(findstring -stock,$*),RAM_SIZE=352K) $(if $(findstring -rom,$*),ROM_SIZE=$(ROM_SIZE)) \
		EMBER=$(if $(findstring -stock,$*),0,1) $(call variant_of,$(filter core% size,$(call words_of,$@))) MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 MICROPY_PY_BTREE=0'
	@touch $@
