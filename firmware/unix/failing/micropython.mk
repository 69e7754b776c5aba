SRC_USERMOD_C += $(USERMOD_DIR)/failing.c
LDFLAGS_USERMOD += -Wl,--wrap=gc_alloc,--wrap=gc_realloc,--wrap=mp_obj_new_module
