"""The real models and data, as they come out of the cache, and the small random models."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from tunelab import assets, data, models
from tunelab.cards import Choice, ModelCard
from tunelab.codec import Decoder, Encoder

TINY = [models.tiny_bert, models.tiny_roberta, models.tiny_electra, models.tiny_distilbert]


def test_minilm_places_like_beside_like():
    model, tokenizer = models.minilm(), models.minilm_tokenizer()
    assert sum(p.numel() for p in model.parameters()) == 22_713_216
    assert not model.training
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    texts = [
        "A gripping, beautifully acted film.",
        "The movie is moving and superbly played.",
        "Interest rates rose by a quarter of a point.",
    ]
    vectors = torch.nn.functional.normalize(models.embed(texts, model, tokenizer))
    like, unlike = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert like > unlike + 0.4, f"{like:.2f} against {unlike:.2f}"


def test_embed_is_the_mean_over_tokens_whatever_the_batches():
    model, tokenizer = models.minilm(), models.minilm_tokenizer()
    texts = ["short", "a text of some more words than that one has", "two words", "x " * 400]
    model.train()
    together = models.embed(texts, model, tokenizer, batch_size=3)
    assert model.training
    model.eval()
    for text, vector in zip(texts, together, strict=True):
        inputs = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            alone = model(**inputs).last_hidden_state[0].mean(0)
        torch.testing.assert_close(vector, alone, atol=1e-5, rtol=0)
    assert not together.requires_grad
    with pytest.raises(ValueError, match="list of texts"):
        models.embed("one text", model, tokenizer)


def test_the_classifier_has_a_new_head_made_from_the_seed():
    before = torch.get_rng_state()
    first, second, other = (models.minilm_classifier(3, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert first.classifier.weight.shape == (3, 384)
    assert torch.equal(first.classifier.weight, second.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert torch.equal(first.bert.embeddings.word_embeddings.weight, models.minilm().embeddings.word_embeddings.weight)


def test_smollm2_answers_and_nothing_is_printed_on_loading(capfd):
    model, tokenizer = models.smollm2(), models.smollm2_tokenizer()
    assert capfd.readouterr() == ("", "")
    assert tokenizer.pad_token == tokenizer.eos_token == "<|im_end|>"
    assert model.lm_head.weight is model.model.embed_tokens.weight
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    answer = model.generate(**prompt, max_new_tokens=12, do_sample=False)
    assert "Paris" in tokenizer.decode(answer[0])


@pytest.mark.parametrize("make", [*TINY, models.tiny_llama])
def test_small_models_are_made_from_the_seed_alone(make):
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    torch.manual_seed(5)
    first = make(seed=3)
    torch.manual_seed(6)
    second, other = make(seed=3), make(seed=4)
    tokens = torch.randint(3, 100, (2, 7), generator=torch.Generator().manual_seed(0))
    assert not first.training
    assert torch.equal(first(tokens).logits, second(tokens).logits)
    assert not torch.allclose(first(tokens).logits, other(tokens).logits)
    torch.set_rng_state(before[2])
    make(seed=9)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before[:2]
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.parametrize("make", TINY)
def test_small_classifiers_have_the_size_that_was_asked_for(make):
    model = make(layers=3, hidden=16, heads=4, vocab=50, labels=5, dropout=0.0) if make is models.tiny_distilbert else make(3, 16, 4, 50, 5)
    assert model(torch.full((1, 64), 7)).logits.shape == (1, 5)
    assert model.config.num_hidden_layers == 3
    assert model.get_input_embeddings().num_embeddings == 50


def test_any_field_of_a_configuration_can_be_set():
    assert models.tiny_bert(hidden_dropout_prob=0.3).config.hidden_dropout_prob == 0.3
    assert models.tiny_llama(num_key_value_heads=1).model.layers[0].self_attn.k_proj.out_features == 16


def test_reviews_are_all_there_and_in_order():
    reviews = data.reviews()
    assert reviews.column_names == ["text", "label", "film"]
    assert len(reviews) == 12_808
    assert sum(reviews["label"]) == 7_403
    assert reviews.features["label"].names == ["rotten", "fresh"]
    assert all(text == text.strip() != "" for text in reviews["text"])
    assert reviews[0] == {"text": "A three-hour cinema master class.", "label": 1, "film": "a_grin_without_a_cat"}
    assert reviews.cache_files == []


def test_the_split_keeps_films_and_texts_apart():
    train, test = data.reviews_split(3000, 2000, seed=7)
    assert (len(train), len(test)) == (3000, 2000)
    assert not set(train["film"]) & set(test["film"])
    texts = [text.casefold() for text in (*train["text"], *test["text"])]
    assert len(set(texts)) == 5000
    assert 0.45 < np.mean(test["label"]) < 0.7
    assert len(set(train["film"][:50])) > 20, "the texts of a film stand together: the split must be shuffled"


def test_the_split_is_made_from_the_seed():
    assert data.reviews_split(50, 50, seed=1)[0]["text"] == data.reviews_split(50, 50, seed=1)[0]["text"]
    assert data.reviews_split(50, 50, seed=1)[0]["text"] != data.reviews_split(50, 50, seed=2)[0]["text"]
    everything = data.reviews_split(10_000, 2_000, seed=0)
    assert len(everything[0]) == 10_000


@pytest.mark.parametrize("sizes", [(13_000, 10), (10, 13_000), (12_000, 750), (0, 10), (10, 0)])
def test_a_split_that_cannot_be_is_refused(sizes):
    with pytest.raises(ValueError, match="different reviews"):
        data.reviews_split(*sizes)


def test_headlines_are_in_the_order_of_their_dates():
    dates = data.headlines()["date"]
    assert len(dates) == 4_080
    assert list(dates) == sorted(dates)
    assert (dates[0], dates[-1]) == ("2020-01-02", "2020-07-18")


def test_plots_and_thesaurus():
    plots, thesaurus = data.plots(), data.thesaurus()
    assert len(plots) == 1_083
    assert all(plots["text"])
    happy = {row["category"] for row in thesaurus if row["word"] == "cheerful"}
    assert "CHEERFULNESS" in happy
    assert all(thesaurus["word"])


@pytest.mark.parametrize(("domain", "size"), [("messages", 4_200), ("news", 5_190)])
def test_ratings_agree_with_their_mean(domain, size):
    table = data.ratings(domain)
    assert len(table) == size
    for row in table:
        assert len(row["ratings"]) >= 20
        assert all(-4 <= rating <= 4 for rating in row["ratings"])
        assert row["mean"] == pytest.approx(np.mean(row["ratings"]))


def test_an_unknown_domain_is_named():
    with pytest.raises(ValueError, match="products.*messages, news"):
        data.ratings("products")


def test_every_entry_of_wordnet_is_where_its_index_says():
    wordnet = data.wordnet()
    assert wordnet.get_version() == "3.0"
    assert "glad" in {name for synset in wordnet.synsets("happy") for name in synset.lemma_names()}
    assert wordnet.lemmas("happy")[0].antonyms()[0].name() == "unhappy"
    assert wordnet.morphy("geese") == "goose"
    assert sum(1 for _ in wordnet.all_synsets("v")) == 13_767


def test_data_need_no_home_and_write_nothing():
    """As in the grader's sandbox: no home folder, and nothing but a temporary folder may be written to."""
    program = (
        "from tunelab import data\n"
        "kept = data.reviews().filter(lambda row: row['label'] == 1).map(lambda row: {'length': len(row['text'])})\n"
        "print(len(kept), data.wordnet().synsets('film')[0].name())\n"
    )
    environment = os.environ | {"HOME": "/proc/nowhere", "TUNELAB_HOME": str(assets.cache_folder()), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert ran.stdout.split() == ["7403", "movie.n.01"], ran.stderr[-2000:]


def test_a_choice_of_model_crosses_as_its_fields():
    card = ModelCard("small", "encoder", 20_000_000, 512, "mit", ("en",), 1.25)
    with pytest.raises(AttributeError):
        card.parameters = 1
    back = Decoder().decode(Encoder().encode([Choice("small", {"large": ["memory"]}), card]))
    assert [value.type_name for value in back] == ["Choice", "ModelCard"]
    assert (back[0].name, back[0].rejected) == ("small", {"large": ["memory"]})
    assert back[1].languages == ("en",)


def test_adamw_state_is_a_plain_record():
    import torch

    from tunelab.optim import AdamWState

    state = AdamWState(0, torch.zeros(2), torch.zeros(2))
    assert (state.step, state.mean.shape, state.square.shape) == (0, (2,), (2,))
