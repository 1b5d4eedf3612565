# What `sam build` calls: one target a function of template.yaml. ARCHITECTURE=arm64 builds for the other processor.
build-%: ; @$(or $(wildcard .venv/bin/python),python3) -m deploy.package $* "$(ARTIFACTS_DIR)"
