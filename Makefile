# Everything runs in an environment of its own under .venv; Python 3.11 or later is all that has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

.PHONY: demo test slow lint bench load load-service wheelhouse fuzz zoo friends fit evaluate schemathesis clean help

help:
	@echo "make demo   建立运行环境，检查一套样例材料，并说明结果在哪里"
	@echo "make test   代码规范、类型和测试"
	@echo "make slow   要启动浏览器、集群等程序的测试"
	@echo "make bench  速度测量"
	@echo "make load   一万份虚构材料的批量审查：用时、内存、该查出的是否都查出（PAPERS=份数）"
	@echo "make load-service  网页服务的压力测试：每秒检查数、用时、内存，有没有丢失或错误的答复（RUN=每阶段秒数）"
	@echo "make wheelhouse  收齐离线安装包：Linux x86_64、aarch64 和 Windows（PYTHON_VERSION=3.11）"
	@echo "make fuzz   用损坏的文件反复试各个读取程序（SECONDS=秒数，FILES=真实文件的文件夹）"
	@echo "make zoo    把一个文件夹里的文件逐个检查一遍并列表（ZOO=文件夹）"
	@echo "make friends 数字、年度、名称、用语几条规则在一批真实报告上的结果（FRIENDS=文件夹）"
	@echo "make fit    用标注句重新拟合事项分类器（models/）"
	@echo "make evaluate  在没有用来拟合的标注句上量事项判断的准确程度"
	@echo "make schemathesis  按接口说明（OpenAPI）编出各种请求，逐个试 kaohe serve"
	@echo "make clean  删除运行环境和结果"

# The stamp is newer than setup.cfg as long as the environment holds what setup.cfg asks for.
$(VENV)/.ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

demo: $(VENV)/.ready
	@mkdir -p $(DEMO)
	@$(BIN)/kaohe check corpus_samples/placeholders/*.docx --unit 禾渡县 --unit-type county \
		--format text,html,docx,json --output $(DEMO) --fail-on never
	@cat $(DEMO)/考核材料检查报告.txt
	@echo
	@echo "检查完毕，结果在 $(DEMO)/ 文件夹："
	@ls -1 $(DEMO) | sed 's|^|  $(DEMO)/|'
	@echo "用浏览器打开 .html 看网页报告，用 Word 或 WPS 打开「（审查批注）」看批注。"

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/mypy

# A file of tests stays in one process: what it sets up (a server, a database) is set up once.
test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile

slow: $(VENV)/.ready
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks.run

# A made-up batch of so many papers: as it is, with hostile files, killed three times, with one job, two and a cluster.
PAPERS ?= 10000
load: $(VENV)/.ready
	$(BIN)/python -m benchmarks.load --papers $(PAPERS)

# A real service and clients beside it: steady, with hostile files, with workers killed, with the queue over-filled.
RUN ?= 60
load-service: $(VENV)/.ready
	$(BIN)/python -m benchmarks.service --seconds $(RUN)

# Everything that an installation without internet needs; docs/deploy.md says how to go on.
PYTHON_VERSION ?=
WHEELHOUSE ?=
wheelhouse: $(VENV)/.ready
	$(BIN)/python -m tools.wheelhouse --output wheelhouse $(if $(PYTHON_VERSION),--python $(PYTHON_VERSION)) $(WHEELHOUSE)

# Of each format small made files, and the real ones under FILES, broken in many ways; what fails is kept in .fuzz/.
SECONDS ?= 300
FILES ?=
fuzz: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS) $(FILES)

ZOO ?= ../shared/real
zoo: $(VENV)/.ready
	$(BIN)/python -m benchmarks.zoo $(ZOO)

FRIENDS ?= ../shared/real/gov_reports
friends: $(VENV)/.ready
	$(BIN)/python -m benchmarks.friends $(FRIENDS)

# scikit-learn is needed for fitting alone.
$(VENV)/.fit: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[fit]"
	@touch $@

fit: $(VENV)/.fit
	$(BIN)/python -m training.fit

evaluate: $(VENV)/.ready
	$(BIN)/python -m training.evaluate

# schemathesis is needed for this alone; SEED=… gives other requests.
SEED ?= 1
$(VENV)/.schemathesis: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,service]" "schemathesis>=4"
	@touch $@

schemathesis: $(VENV)/.schemathesis
	KAOHE_SCHEMATHESIS=1 KAOHE_SEED=$(SEED) $(BIN)/python -m pytest -s tests/test_openapi.py -k schemathesis

clean:
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
